"""The last `up` of a stack on this machine, where it failed: Pulumi's own reasons."""

import re
from collections.abc import Iterator
from pathlib import Path

from tools.comment import events
from tools.doctor.result import Result, note

_COLOR = re.compile(r"<\{%.*?%\}>")


def reasons(log: Path) -> Iterator[Result]:
    """Nothing for a run that ended well, and where there was none."""
    if not log.is_file():
        return
    plan = events.read(log)
    for each in plan.errors:
        lines = [line.strip() for line in _COLOR.sub("", each).splitlines() if line.strip()]
        yield note("last up", " ".join(lines)[:600], "mend it, then run `up` again: it goes on from where it was")
    if not plan.finished and not plan.errors:
        yield note("last up", "it was ended before it was through", "the same `up` goes on; a lock: `make cancel`")
