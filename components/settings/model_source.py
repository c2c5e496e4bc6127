"""Where a model comes from: MLflow's registry, or a folder."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, WithJsonSchema

from components.settings.text import SHOWN, visible

_FORM = "write models:/<name>/<version>, models:/<name>@<alias>, or the path of an MLflow model folder"
# `latest` and `v3` are MLflow's own words for versions (mlflow.utils.validation).
_REGISTERED = re.compile(r"models:/(?P<name>[^/:@]+)(?:/(?P<version>[1-9][0-9]*)|@(?P<alias>[\w-]{1,255}))")
# What a run, or MLflow 3 itself, calls a model that nobody gave a name.
_UNREGISTERED = re.compile(r"runs:/.+|models:/m-[0-9a-f]{32}")
_RESERVED_ALIAS = re.compile(r"latest|v[0-9]+", re.IGNORECASE)
_LARGEST_VERSION = 2**31 - 1


@dataclass(frozen=True)
class RegisteredModel:
    """`models:/name/version` or `models:/name@alias`; exactly one of `version` and `alias` is set."""

    name: str
    version: int | None = None
    alias: str | None = None

    @property
    def wanted(self) -> str:
        """What `model/train.py --ensure` takes: `3` or `@champion`."""
        return f"@{self.alias}" if self.alias else str(self.version)


@dataclass(frozen=True)
class ModelFolder:
    """A folder that `mlflow.*.save_model` wrote, relative to the project."""

    path: Path


def parse_source(text: str) -> RegisteredModel | ModelFolder:
    """Read a model's source. Raises ValueError that says which forms there are."""
    if match := _REGISTERED.fullmatch(text):
        return _registered(match)
    if _UNREGISTERED.fullmatch(text):
        raise ValueError(f"has no name and version yet: mlflow.register_model({text!r}, name) gives it both; {_FORM}")
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", text) or not text.strip():
        raise ValueError(_FORM)
    return ModelFolder(Path(text))


def _registered(match: re.Match[str]) -> RegisteredModel:
    name, version, alias = match["name"], match["version"], match["alias"]
    if name != name.strip() or name in (".", ".."):
        raise ValueError(f"MLflow does not accept this name for a model; {_FORM}")
    if version and (len(version) > 10 or int(version) > _LARGEST_VERSION):
        raise ValueError("MLflow counts versions up to 2147483647; write a smaller one")
    if alias and _RESERVED_ALIAS.fullmatch(alias):
        raise ValueError(f"MLflow keeps the alias {alias} for itself; write another, or a version: models:/{name}/1")
    return RegisteredModel(name, int(version) if version else None, alias)


def _is_source(text: str) -> str:
    visible(text)
    if "\n" in text or "\t" in text or len(text) > 500:
        raise ValueError(_FORM)
    parse_source(text)
    return text


Source = Annotated[
    str,
    AfterValidator(_is_source),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": r"^(models:/[^/:@]+(/[1-9][0-9]*|@[\w-]{1,255})|(?![A-Za-z][A-Za-z0-9+.-]*:).*\S.*)$",
        }
    ),
    SHOWN,
]
