"""Which version of a model is served, written into the stack file."""

from pathlib import Path
from typing import Any

import yaml

from components.clients.process import CommandFailed, run
from components.errors import SlipwayError
from tools import stack_edit
from tools.stack_edit import entry_of, value_of, with_key, without_key, written

# What a version is made of, in the model's entry and in its canary's.
_VERSION = ("source", "image", "train")


def canary(path: Path, model: str, source: str, percent: int) -> str:
    """Give `percent` of the requests to `source`. Raises SlipwayError and StackFileError, as all of these."""
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
        raise SlipwayError(f"{model} has no canary: write one, or change its source")
    version = {key: written(text, node) for key in _VERSION if (node := value_of(candidate, key))}
    text = without_key(text, model, "canary")
    for key, value in version.items():
        text = with_key(text, model, key, value)
    # The image of the version before, where the new one's is to be built.
    return text if "image" in version else without_key(text, model, "image")


def _source(text: str, model: str) -> str:
    return str(value_of(entry_of(text, model), "source").value)


def _before(file: Path, model: str) -> dict[str, Any]:
    """Source and image of the version that was served before this one, from git. Raises SlipwayError."""
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
    raise SlipwayError(f"{file} has no earlier version of {model} in git: say which one, such as TO=models:/name/1")
