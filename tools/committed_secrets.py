"""Secrets that stand as they are in a file that everybody who has the repository can read."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from components.settings import Settings
from components.settings.problems import key_of
from components.settings.secret_paths import secret_paths
from components.settings.text import SECRET_PLACEHOLDER
from tools import stack_file

Step = str | int


def found(path: Path, settings: Settings) -> list[str]:
    """The keys of the stack file at `path` that hold a secret in plain text; an override is not committed."""
    committed = stack_file.settings_of(stack_file.read(path))
    return [key_of(each) for each in secret_paths(settings) if _at(committed, each) not in (None, SECRET_PLACEHOLDER)]


def _at(content: Any, path: Sequence[Step]) -> Any:
    for step in path:
        try:
            content = content[step]
        except (LookupError, TypeError):
            return None
    return content


def lost(content: Mapping[str, Any], settings: Settings) -> list[str]:
    """The keys whose encrypted value would stand in clear text in the state: nothing carries the secret further.

    `content` are the values of the `slipway:` keys, with the placeholder for what is encrypted.
    """
    kept = set(secret_paths(settings))
    return [key_of(each) for each in _encrypted(content) if each not in kept]


def _encrypted(value: Any, path: tuple[Step, ...] = ()) -> Iterator[tuple[Step, ...]]:
    if value == SECRET_PLACEHOLDER:
        yield path
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _encrypted(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _encrypted(item, (*path, index))
