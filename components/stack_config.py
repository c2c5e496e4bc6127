"""The settings of the stack that Pulumi is running."""

from collections.abc import Collection
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import pulumi
from pydantic.fields import FieldInfo

from components.settings import PROJECT, Settings, SettingsError, document, parse_settings
from components.settings.problems import fault
from components.settings.secret_paths import LOST, lost, secret_paths
from components.settings.type_faults import unknown_key


def _is_text(field: FieldInfo) -> bool:
    """Whether its value is plain text, and no JSON: of `Text | None`."""
    options = get_args(field.annotation) if get_origin(field.annotation) in (Union, UnionType) else ()
    return any(get_origin(each) is Annotated and each.__origin__ is str for each in options)


_TEXTS = {field.alias or name for name, field in Settings.model_fields.items() if _is_text(field)}


def load() -> Settings:
    """Settings from Pulumi's configuration. Raises SettingsError: every fault."""
    config = pulumi.Config(PROJECT)
    known = [field.alias or name for name, field in Settings.model_fields.items()]
    present = {
        key.removeprefix(f"{PROJECT}:") for key in pulumi.runtime.config.CONFIG.get() if key.startswith(f"{PROJECT}:")
    }
    if unknown := present - set(known):
        raise SettingsError([unknown_key(key, known) for key in sorted(unknown)])
    data = {key: config.get(key) if key in _TEXTS else config.get_object(key) for key in present}
    # Pulumi.yaml must give a default to every key that may be left out; an empty one means just that.
    settings = parse_settings({key: value for key, value in data.items() if value not in ({}, [], "")})
    _refuse_lost(settings, present)
    return settings


def _refuse_lost(settings: Settings, present: set[str]) -> None:
    """Pulumi tells only which key has an encrypted value somewhere below; which one it is, the stack file does."""
    carried = {path[0] for path in secret_paths(settings)}
    encrypted = {key for key in present if pulumi.runtime.config.is_config_secret(f"{PROJECT}:{key}")}
    paths = [(key,) for key in sorted(encrypted - carried)] or lost(_written(encrypted), settings)
    if paths:
        raise SettingsError([fault(path, None, LOST) for path in paths])


def _written(keys: Collection[str]) -> dict[str, Any]:
    """These keys' values as the stack file has them; nothing where Pulumi was given another file."""
    file = Path(f"Pulumi.{pulumi.get_stack()}.yaml")
    content = document.read(file.read_bytes()).content if keys and file.is_file() else {}
    config = content.get("config") if isinstance(content, dict) else None
    return {key: config.get(f"{PROJECT}:{key}") for key in keys} if isinstance(config, dict) else {}
