"""Where a stack's backups are when nobody says otherwise, and the newest of them."""

import re
from datetime import UTC, datetime

from components.settings import Settings
from tools.backup import manifest
from tools.backup.files import Files
from tools.engine.stack import ROOT

_TIME = "%Y%m%dT%H%M%SZ"


def place(settings: Settings) -> str:
    return (settings.backups or str(ROOT / "backups")).rstrip("/")


def new(settings: Settings, stack: str, now: datetime) -> str:
    return f"{place(settings)}/{stack}-{now:{_TIME}}"


def newest(where: str, stack: str) -> datetime | None:
    """When the newest whole backup of the stack was begun; None without one. Raises SlipwayError."""
    files = Files.at(where)
    moments = (re.fullmatch(rf"{re.escape(stack)}-(\d{{8}}T\d{{6}}Z)", name) for name in files.folders())
    for found in sorted((each for each in moments if each), key=lambda each: each[1], reverse=True):
        # Written last: a backup that was cut off has none.
        if files.has(f"{found[0]}/{manifest.FILE}"):
            return datetime.strptime(found[1], _TIME).replace(tzinfo=UTC)
    return None
