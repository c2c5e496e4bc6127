"""Which version of a model is served: `python -m tools.release canary|promote|rollback STACK MODEL …`.

    canary dev wine models:/wine/2 10    a tenth of the requests goes to version 2
    promote dev wine                     the canary becomes the version
    rollback dev wine                    the canary goes; without one, the version before comes back

Each changes the model's entry in the stack file and nothing else in it; `make up` then brings the cluster to it.
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from components.clients.process import CommandFailed, run
from tools import stack_edit, stack_file
from tools.stack_edit import EditError, entry_of, value_of, with_key, without_key, written

# What a version is made of, in the model's entry and in its canary's.
_VERSION = ("source", "image", "train")


def canary(path: Path, model: str, source: str, percent: int) -> str:
    """Give `percent` of the requests to `source`. Raises EditError and StackFileError, as all of these."""
    share = f"{{source: {source}, percent: {percent}}}"
    owner = stack_edit.rewrite(path, lambda text: with_key(text, model, "canary", share))
    return f"{owner}: {model} has canary: {share}"


def promote(path: Path, model: str) -> str:
    """Make the canary the version that all requests go to."""
    owner = stack_edit.rewrite(path, lambda text: _promoted(text, model))
    return f"{owner}: {model} has source: {_source(owner.read_text(), model)}"


def rollback(path: Path, model: str, to: str | None = None) -> str:
    """Remove the canary; without one, serve `to`, or the version before this one in the file's history."""
    owner = stack_edit.owner_of(path)
    if value_of(entry_of(owner.read_text(), model), "canary"):
        stack_edit.rewrite(path, lambda text: without_key(text, model, "canary"))
        return f"{owner}: {model} has no canary"
    before = {"source": to} if to else _before(owner, model)

    def change(text: str) -> str:
        text = with_key(text, model, "source", before["source"])
        return (
            with_key(text, model, "image", image)
            if (image := before.get("image"))
            else without_key(text, model, "image")
        )

    stack_edit.rewrite(path, change)
    return f"{owner}: {model} has source: {before['source']}"


def _promoted(text: str, model: str) -> str:
    candidate = value_of(entry_of(text, model), "canary")
    if not candidate:
        raise EditError(f"{model} has no canary: write one, or change its source")
    version = {key: written(text, node) for key in _VERSION if (node := value_of(candidate, key))}
    text = without_key(text, model, "canary")
    for key, value in version.items():
        text = with_key(text, model, key, value)
    # The image of the version before, where the new one's is to be built.
    return text if "image" in version else without_key(text, model, "image")


def _source(text: str, model: str) -> str:
    return str(value_of(entry_of(text, model), "source").value)


def _before(file: Path, model: str) -> dict[str, Any]:
    """Source and image of the version that was served before this one, from git. Raises EditError."""
    now = _source(file.read_text(), model)
    git = ["git", "-C", str(file.absolute().parent)]
    try:
        for commit in run([*git, "log", "--format=%h", "-50", "--", file.name]).split():
            entries = (yaml.safe_load(run([*git, "show", f"{commit}:./{file.name}"])) or {}).get("config", {})
            for entry in entries.get(stack_edit.MODELS) or []:
                if entry.get("name") == model and entry.get("source") != now:
                    return dict(entry)
    except (CommandFailed, yaml.YAMLError):
        pass
    raise EditError(f"{file} has no earlier version of {model} in git: say which one, such as TO=models:/name/1")


VERBS: dict[str, Callable[..., str]] = {"canary": canary, "promote": promote, "rollback": rollback}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.release", description=(__doc__ or "").splitlines()[0])
    verbs = parser.add_subparsers(dest="verb", required=True)
    for name, verb in VERBS.items():
        command = verbs.add_parser(name, help=verb.__doc__)
        command.add_argument("stack")
        command.add_argument("model")
        if name == "canary":
            command.add_argument("source")
            command.add_argument("percent", type=int)
        if name == "rollback":
            command.add_argument("--to", metavar="SOURCE")
    given = vars(parser.parse_args())
    stack, path = given["stack"], stack_file.path_of(given.pop("stack"))
    try:
        done = VERBS[given.pop("verb")](path, **given)
    except (EditError, stack_file.StackFileError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{done}; now: make up STACK={stack}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
