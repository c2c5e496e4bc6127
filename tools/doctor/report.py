"""The doctor's words: for a person, for a program, and for an issue."""

import json
from collections.abc import Sequence

from tools.doctor.result import Result

_MARKS = {"ok": "ok    ", "note": "note  ", "fault": "FAULT "}


def line(result: Result) -> str:
    said = f"{_MARKS[result.state]} {result.about}: {result.text}"
    return f"{said}\n        -> {result.remedy}" if result.remedy else said


def fails(result: Result, *, strict: bool) -> bool:
    return result.state == "fault" or (strict and result.state == "note" and not result.accepted)


def summary(results: Sequence[Result]) -> str:
    faults, notes = (sum(each.state == state for each in results) for state in ("fault", "note"))
    if faults:
        return f"{faults} of {len(results)} checks would fail an `up`{noted(notes)}"
    return f"{len(results)} checks, nothing that fails an `up`{noted(notes)}"


def noted(notes: int) -> str:
    """The end of a summary, where something is no fault and good to know."""
    return f"; {notes} {'note' if notes == 1 else 'notes'}" if notes else ""


def as_json(results: Sequence[Result]) -> str:
    return json.dumps([each.as_json() for each in results], indent=2)


def markdown(stack: str, results: Sequence[Result]) -> str:
    """Faults and notes as a table; what is well is only counted."""
    rows = [f"| {each.state} | {each.about} | {each.text} | {each.remedy} |" for each in results if each.state != "ok"]
    table = ["| | What | Found | Do |", "|---|---|---|---|", *(row.replace("\n", " ") for row in rows)]
    return "\n".join([f"**{stack}**: {summary(results)}", "", *(table if rows else [])])
