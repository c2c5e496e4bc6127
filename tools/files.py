"""Files that are there whole or not at all."""

from pathlib import Path

from components.clients import private


def write_whole(path: Path, text: str) -> None:
    """Write beside `path`, then rename: whoever reads it sees the old content or the new one."""
    private.write(path, text.encode(), path.stat().st_mode & 0o777 if path.exists() else 0o644)
