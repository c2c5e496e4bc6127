"""Whether the projects still support what a stack has."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta

from components.settings.support import LINES, Line
from tools.doctor.result import Result, note, ok
from tools.upgrades.versions import Version

# What is said before a date.
NEAR = timedelta(days=45)


def support(have: Mapping[str, Version], today: date, lines: Iterable[Line] = LINES) -> Iterator[Result]:
    """By part, of `versions.py` or `kubernetes`. A part without a dated line is passed over."""
    known = {(line.part, line.line): line for line in lines}
    for part, version in sorted(have.items()):
        line = known.get((part, version.line)) or known.get((part, str(version.major)))
        if line:
            yield _of(line, today)


def _of(line: Line, today: date) -> Result:
    about = f"support of {line.part} {line.line}"
    remedy = f"it stays: {line.stays}" if line.stays else "move it: docs/upgrades.md"
    if not line.until:
        return ok(about, f"until {line.ends}")
    source = f"derived: {line.derived}; {line.source}" if line.derived else line.source
    if line.until < today:
        return note(about, f"ended on {line.until} ({source})", remedy, accepted=bool(line.stays))
    if line.until - today <= NEAR:
        days = (line.until - today).days
        return note(about, f"ends on {line.until}, in {days} days ({source})", remedy, accepted=bool(line.stays))
    return ok(about, f"until {line.until}")
