"""A plan and a diff of manifests as the Markdown of a comment on GitHub."""

import re
from collections.abc import Mapping

from policy.rules import plain_secrets
from tools.comment.events import Change, Plan

# GitHub refuses a longer one.
LONGEST = 65_536
# Rows, and characters of a message, that leave room for the rest.
_ROWS, _MESSAGE = 150, 600
_SIGNS = {"create": "+", "update": "~", "delete": "-", "replace": "±"}
_SHORTEST_SECRET = 6
_WHAT = {"preview": "preview", "drift": "search for drift"}
_PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL)


def marker(stack: str, what: str) -> str:
    """What the comment of a stack is found again by."""
    return f"<!-- slipway {what} {stack} -->"


def text(stack: str, what: str, plan: Plan, diff: str | None, environment: Mapping[str, str]) -> str:
    """The whole comment, at most LONGEST characters; no secret of `environment` is in it.

    `diff` is None where no manifests were compared.
    """
    parts = (_title(stack, what, plan), _violations(plan), _errors(plan), _changes(plan))
    said = hidden("\n\n".join(part for part in (marker(stack, what), *parts) if part), environment)
    if diff is None:
        return cut(said, LONGEST - 1) + "\n"
    head = cut(said, LONGEST // 2)
    return f"{head}\n\n{_manifests(hidden(diff, environment), LONGEST - len(head) - 3)}\n"


def hidden(content: str, environment: Mapping[str, str]) -> str:
    """The content without the values of the environment's secrets, and without what looks like one."""
    values = (value for name, value in environment.items() if plain_secrets.NAME.search(name))
    for value in sorted(filter(lambda value: len(value) >= _SHORTEST_SECRET, values), key=len, reverse=True):
        content = content.replace(value, "[hidden]")
    content = _PRIVATE_KEY.sub("[hidden]", content)
    for form in plain_secrets.FORMS.values():
        content = form.sub("[hidden]", content)
    lines = content.splitlines(keepends=True)
    return "".join(_without_tokens(line) for line in lines)


def _without_tokens(line: str) -> str:
    for detector in plain_secrets.detectors():
        for token in sorted(detector.analyze_string(line), key=len, reverse=True):
            line = line.replace(token, "[hidden]")
    return line


def cut(content: str, longest: int, note: str = "… cut here: too long for a comment") -> str:
    """The content's first lines, with the note, when it is longer than `longest` characters."""
    if len(content) <= longest:
        return content
    room = max(0, longest - len(note) - 1)
    lines = content[:room].rpartition("\n")[0] or content[:room]
    return f"{lines}\n{note}"


def _title(stack: str, what: str, plan: Plan) -> str:
    if not plan.finished or plan.errors:
        return f"### {stack}: the {_WHAT[what]} failed"
    summary = ", ".join(f"{count} to {operation}" for operation, count in plan.counts.items()) or "no changes"
    return f"### {stack}: {summary}"


def _violations(plan: Plan) -> str:
    if not plan.violations:
        return ""
    lines = [
        f"- **{each.level}** `{each.policy}`: {_line(each.message)}"
        for each in sorted(plan.violations, key=lambda each: (each.level != "mandatory", each.policy, each.message))
    ]
    return "\n".join(["**Policies**", "", *lines])


def _errors(plan: Plan) -> str:
    return "\n".join(f"> {_line(error)}" for error in plan.errors)


def _changes(plan: Plan) -> str:
    if not plan.changes:
        return ""
    rows = [_row(change) for change in plan.changes[:_ROWS]]
    if more := len(plan.changes) - _ROWS:
        rows += [f"| | … and {more} more | |"] if more > 0 else []
    table = ["| | Resource | Changed |", "|---|---|---|", *rows]
    return "\n".join(["<details><summary>Resources</summary>", "", *table, "", "</details>"])


def _row(change: Change) -> str:
    changed = ", ".join(f"`{_code(path)}`" for path in change.properties)
    sign = _SIGNS.get(change.operation, change.operation)
    return f"| {sign} | `{_code(change.type)}` {_code(change.name)} | {changed} |"


def _manifests(diff: str, longest: int) -> str:
    if not diff.strip():
        return "The rendered manifests do not change."
    lines = diff.splitlines()
    files = sum(line.startswith("diff --git ") for line in lines)
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall(r"`+", diff)), default=0))
    start = f"<details><summary>Rendered manifests: {files} changed</summary>\n\n{fence}diff\n"
    end = f"\n{fence}\n\n</details>"
    note = f"… cut here, of {len(lines)} lines: the whole diff is an artifact of this run"
    return start + cut(diff.rstrip(), longest - len(start) - len(end), note) + end


def _line(message: str) -> str:
    """One line, which a reader of Markdown sees as it is."""
    return re.sub(r"([<>|*_@#])", r"\\\1", cut(" ".join(message.split()), _MESSAGE, "…")).replace("\n", " ")


def _code(word: str) -> str:
    return word.replace("`", "'").replace("|", "\\|").replace("\n", " ")
