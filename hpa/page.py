"""Simulations as a web page of one file: the timeline, and why each sync came to what it did."""

import html
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hpa import report
from hpa.problem import HpaError
from hpa.report import Run
from tools.files import write_whole

TEMPLATE = Path(__file__).with_name("page.html")


def write(runs: Sequence[Run], title: str, path: Path) -> None:
    """Raises HpaError."""
    # Nothing in the data can end the script that holds it.
    data = json.dumps(content(runs), separators=(",", ":")).replace("<", "\\u003c")
    parts = {"TITLE": html.escape(title), "DATA": data}
    text = re.sub("TITLE|DATA", lambda found: parts[found[0]], TEMPLATE.read_text(encoding="utf-8"))
    try:
        write_whole(path, text)
    except OSError as error:
        raise HpaError(f"--html {path}: {error.strerror}") from None


def content(runs: Sequence[Run]) -> Mapping[str, Any]:
    """What the page shows."""
    rows = runs[0].rows
    kinds = [(run, kind) for run, kind in zip(runs, ("a", "b"), strict=False)]
    panels = [_panel("load a second", 80, [_line("load", [row.load for row in rows])], []), _replicas(kinds)]
    for place in range(max(len(run.heads()) for run in runs)):
        here = [(run, kind) for run, kind in kinds if place < len(run.heads())]
        lines = [_line(kind, [run.values(row)[place] for row in run.rows]) for run, kind in here]
        levels = [{"kind": kind, "at": run.targets()[place]} for run, kind in here]
        panels.append(_panel(" / ".join(dict.fromkeys(run.heads()[place] for run, _ in here)), 110, lines, levels))
    unmet = [_line(kind, [row.unmet for row in run.rows]) for run, kind in kinds]
    panels.append(_panel("unmet load a second", 60, unmet, []))
    return {
        "times": [row.time for row in rows],
        "period": runs[0].controller.sync_period,
        "panels": panels,
        "totals": report.total_cells(runs),
        "runs": [
            {
                "name": run.name,
                "why": [run.explained(row).sentence() for row in run.rows],
                "first": next((index for index, row in enumerate(run.rows) if row.before != row.replicas), 0),
            }
            for run in runs
        ],
    }


def _replicas(kinds: Sequence[tuple[Run, str]]) -> Mapping[str, Any]:
    lines: list[Mapping[str, Any]] = []
    levels: list[Mapping[str, Any]] = []
    for run, kind in kinds:
        lines += [
            _line(kind, [row.replicas for row in run.rows]),
            _line(f"{kind} ready", [row.ready for row in run.rows]),
            _line(f"{kind} proposed", [row.proposed for row in run.rows]),
        ]
        levels += [{"kind": kind, "at": bound} for bound in (run.model.autoscaler.min, run.model.autoscaler.max)]
    most = 1.2 * max(row.replicas for run, _ in kinds for row in run.rows)
    shown = [level for level in levels if level["at"] <= most]
    return {**_panel("replicas", 170, lines, shown), "most": max(most, 1.0), "steps": True}


def _panel(name: str, height: int, lines: Sequence[Mapping[str, Any]], levels: Sequence[Mapping[str, Any]]) -> Any:
    values = [value for line in lines for value in line["values"] if value is not None]
    most = 1.1 * max([*values, *(level["at"] for level in levels)], default=0.0) or 1.0
    return {"name": name, "height": height, "most": most, "steps": False, "series": lines, "levels": levels}


def _line(kind: str, values: Sequence[float | None]) -> Mapping[str, Any]:
    return {"kind": kind, "values": [None if value is None else round(value, 4) for value in values]}
