"""Where the settings hold secrets: what else is encrypted in a stack file would stand in clear text in the state."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, SecretStr

from components.settings.problems import Path

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
