"""Secrets that stand as they are in a file that everybody who has the repository can read."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr

from components.settings import Settings
from components.settings.problems import key_of
from components.settings.text import SECRET_PLACEHOLDER
from tools import stack_file

Step = str | int


def found(path: Path, settings: Settings) -> list[str]:
    """The keys of the stack file at `path` that hold a secret in plain text; an override is not committed."""
    committed = stack_file.settings_of(stack_file.read(path))
    return [key_of(each) for each in _secrets(settings) if _at(committed, each) not in (None, SECRET_PLACEHOLDER)]


def _secrets(value: Any, path: tuple[Step, ...] = ()) -> Iterator[tuple[Step, ...]]:
    """Where the settings have a secret, in the words of the file."""
    if isinstance(value, SecretStr):
        yield path
    elif isinstance(value, BaseModel):
        for name, field in type(value).model_fields.items():
            yield from _secrets(getattr(value, name), (*path, field.alias or name))
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _secrets(item, (*path, key))
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for index, item in enumerate(value):
            yield from _secrets(item, (*path, index))


def _at(content: Any, path: Sequence[Step]) -> Any:
    for step in path:
        try:
            content = content[step]
        except (LookupError, TypeError):
            return None
    return content
