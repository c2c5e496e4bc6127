"""Secrets that stand as they are in a file that everybody who has the repository can read."""

from collections.abc import Sequence
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
