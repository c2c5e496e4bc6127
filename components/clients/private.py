"""Files and folders for this user alone."""

import contextlib
import os
import tempfile
from pathlib import Path


def folder(path: Path) -> Path:
    """Make the folder, and every one above it that is missing, for this user alone.

    `Path.mkdir(parents=True, mode=…)` gives its mode to the last one only.
    """
    for each in (*reversed(path.parents), path):
        each.mkdir(exist_ok=True, mode=0o700)
    return path


def write(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Write the file beside and rename it: whatever interrupts, the path has the old content or the new, whole."""
    # A link stays one: what it points to is replaced.
    path = path.resolve()
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise
