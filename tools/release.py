"""Which version of a model is served, written into the stack file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from ruamel.yaml.comments import CommentedMap

from components.clients.process import CommandFailed, run
from components.errors import SlipwayError
from tools import stack_edit

# What a version is made of, in the model's entry and in its canary's.
_VERSION = ("source", "image", "train")


def canary(path: Path, model: str, source: str, percent: int) -> str:
    """Give `percent` of the requests to `source`. Raises SlipwayError, as all of these."""
    share = stack_edit.flow(source=source, percent=percent)
    owner = stack_edit.change(path, model, lambda entry: stack_edit.put(entry, "canary", share))
    return f"{owner}: {model} has the canary {source} with {percent} %"


def promote(path: Path, model: str) -> str:
    """Make the canary the version that all requests go to."""

    def edit(entry: CommentedMap) -> None:
        candidate = entry.get("canary")
        if not candidate:
            raise SlipwayError(f"{model} has no canary: write one, or change its source")
        stack_edit.drop(entry, "canary")
        _serve(entry, {key: candidate[key] for key in _VERSION if candidate.get(key)})

    return _served(stack_edit.change(path, model, edit), model)


def rollback(path: Path, model: str, to: str | None = None) -> str:
    """Remove the canary; without one, serve `to`, or the version before this one in the file's history."""
    entry = stack_edit.model_of(path, model)
    if entry.get("canary"):
        owner = stack_edit.change(path, model, lambda entry: stack_edit.drop(entry, "canary"))
        return f"{owner}: {model} has no canary"
    before = {"source": to} if to else _before(stack_edit.owner_of(path), model, entry.get("source"))
    version = {key: before[key] for key in ("source", "image") if before.get(key)}
    return _served(stack_edit.change(path, model, lambda entry: _serve(entry, version)), model)


def _serve(entry: CommentedMap, version: Mapping[str, Any]) -> None:
    for key, value in version.items():
        stack_edit.put(entry, key, value)
    if "image" not in version:
        # The image of the version before, where the new one's is to be built.
        stack_edit.drop(entry, "image")


def _served(owner: Path, model: str) -> str:
    return f"{owner}: {model} has source: {stack_edit.model_of(owner, model)['source']}"


def _before(file: Path, model: str, now: Any) -> dict[str, Any]:
    """The entry of the version that was served before this one, from git. Raises SlipwayError."""
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
