"""Where the settings hold secrets: what else is encrypted in a stack file would stand in clear text in the state."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, SecretStr

from components.settings.problems import Path
from components.settings.text import SECRET_PLACEHOLDER

LOST = (
    "encrypted, and would stand in clear text in the state; write it in plain text, or put it into a Secret of the "
    "cluster and name that"
)


def secret_paths(value: Any, path: Path = ()) -> Iterator[Path]:
    """In the words of the file, such as ("database", "url")."""
    if isinstance(value, SecretStr):
        yield path
    elif isinstance(value, BaseModel):
        for name, field in type(value).model_fields.items():
            yield from secret_paths(getattr(value, name), (*path, field.alias or name))
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from secret_paths(item, (*path, key))
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for index, item in enumerate(value):
            yield from secret_paths(item, (*path, index))


def lost(content: Mapping[str, Any], settings: BaseModel) -> list[Path]:
    """The paths of encrypted values that nothing carries further as secrets.

    `content` are the values of the settings' keys, with `secure: …` or the placeholder for what is encrypted.
    """
    kept = set(secret_paths(settings))
    return [each for each in _encrypted(content) if each not in kept]


def _encrypted(value: Any, path: Path = ()) -> Iterator[Path]:
    if value == SECRET_PLACEHOLDER or (isinstance(value, Mapping) and set(value) == {"secure"}):
        yield path
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _encrypted(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _encrypted(item, (*path, index))
