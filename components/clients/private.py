"""Files and folders for this user alone."""

import os
from pathlib import Path


def folder(path: Path) -> Path:
    """Make the folder, and every one above it that is missing, for this user alone.

    `Path.mkdir(parents=True, mode=…)` gives its mode to the last one only.
    """
    for each in (*reversed(path.parents), path):
        each.mkdir(exist_ok=True, mode=0o700)
    return path


def write(path: Path, content: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
