"""What a workflow says on GitHub: `python -m tools.comment write|post|issue|close`.

`write` prints the Markdown of a plan and of a manifest diff; `post` puts such a file on a pull request, `issue` into an
issue, and `close` closes that issue. Needs nothing but Python: it runs where nothing else of a pull request may run.
"""

import argparse
import os
from pathlib import Path
from typing import NamedTuple

from components.errors import SlipwayError
from tools.comment import events, markdown
from tools.comment.github import Repository
from tools.outcome import outcome


class Issue(NamedTuple):
    """What an issue is called for as long as it is open, and what is said when it closes."""

    title: str
    closed: str


ISSUES = {
    "drift": Issue("{stack} has drifted", "{stack} is again what the code says."),
    "backup": Issue("{stack} could not be backed up", "{stack} is backed up again."),
    "published": Issue(
        "Something that {stack} needs can no longer be had", "Everything that {stack} needs can be had."
    ),
}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tools.comment", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    for verb in ("write", "post", "issue", "close"):
        each = verbs.add_parser(verb)
        each.add_argument("--stack", required=True)
        each.add_argument("--what", default="preview", choices=("preview", *ISSUES))
        if verb == "write":
            each.add_argument("--events", type=Path, required=True, help="what --event-log wrote")
            each.add_argument("--manifests", type=Path, help="what `git diff --no-index` wrote")
        if verb == "post":
            each.add_argument("--pull-request", type=int, required=True)
        if verb in ("post", "issue"):
            each.add_argument("--file", type=Path, required=True)
    return parser.parse_args()


def _repository() -> Repository:
    """The repository of the workflow that runs this."""
    try:
        given = [os.environ[name] for name in ("GITHUB_API_URL", "GITHUB_REPOSITORY", "GITHUB_TOKEN")]
    except KeyError as error:
        raise SlipwayError(f"{error.args[0]} is not set; a workflow of GitHub's sets it") from None
    return Repository(*given)


def main() -> None:
    arguments = _arguments()
    stack, what = arguments.stack, arguments.what
    marker = markdown.marker(stack, what)
    if arguments.verb == "write":
        diff = arguments.manifests.read_text(errors="replace") if arguments.manifests else None
        print(markdown.text(stack, what, events.read(arguments.events), diff, os.environ), end="")
    elif arguments.verb == "post":
        _repository().comment(arguments.pull_request, marker, arguments.file.read_text())
    elif arguments.verb == "issue":
        text = arguments.file.read_text()
        title = ISSUES[what].title.format(stack=stack)
        _repository().issue(marker, title, text if marker in text else f"{marker}\n\n{text}")
    else:
        _repository().close(marker, ISSUES[what].closed.format(stack=stack))


if __name__ == "__main__":
    raise SystemExit(outcome(main))
