"""Simulations as text: tables, totals and lines of JSON."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from hpa.explanation import Explained, clock, label, number, unit, value
from hpa.fleet import KEYS
from hpa.replicas import Proposal
from hpa.simulation import Model, Row
from hpa.spec import Controller


@dataclass(frozen=True)
class Run:
    """A simulation of a model, with the controller that decided."""

    model: Model
    rows: Sequence[Row]
    controller: Controller

    @property
    def name(self) -> str:
        return self.model.name

    def explained(self, row: Row) -> Explained:
        return Explained(row, self.model.autoscaler, self.controller)

    def at(self, seconds: float) -> Row:
        """The last sync that is not later."""
        return max((row for row in self.rows if row.time <= seconds), key=lambda row: row.time, default=self.rows[0])

    def heads(self) -> list[str]:
        """A column for each metric."""
        return [f"{label(metric)} {unit(metric)}" for metric in self.model.autoscaler.metrics]

    def values(self, row: Row) -> list[float | None]:
        """What each metric was, in its unit; None where it had no value or was not asked for."""
        outcomes = row.decision.metrics or (None,) * len(self.model.autoscaler.metrics)
        return [
            value(metric, outcome) if isinstance(outcome, Proposal) else None
            for metric, outcome in zip(self.model.autoscaler.metrics, outcomes, strict=True)
        ]

    def targets(self) -> list[float]:
        return [number(metric, metric.amount) for metric in self.model.autoscaler.metrics]

    def blind(self) -> int:
        """At how many syncs nothing could be decided for want of metrics."""
        return sum(row.reason in ("FailedGetMetrics", "AmbiguousSelector") for row in self.rows)


def lines(runs: Sequence[Run]) -> Iterator[str]:
    """A JSON object for each sync."""
    for run in runs:
        for row in run.rows:
            yield json.dumps({"model": run.name, **as_json(run, row)})


def short_lines(run: Run) -> Iterator[str]:
    """The same with what many models at once are told with."""
    for row in run.rows:
        yield json.dumps({"model": run.name, **{key: getattr(row, key) for key in KEYS}})


def as_json(run: Run, row: Row) -> Mapping[str, Any]:
    return {
        "time": row.time,
        "load": row.load,
        "replicas": row.replicas,
        "ready": row.ready,
        "utilization": row.utilization,
        "served": row.served,
        "unmet": row.unmet,
        "backlog": row.backlog,
        "pod_hours": row.pod_hours,
        "proposed": row.proposed,
        "reason": row.reason,
        "metrics": _metrics(run, row),
        "why": run.explained(row).sentence(),
    }


def _metrics(run: Run, row: Row) -> list[Mapping[str, Any]]:
    metrics, outcomes = run.model.autoscaler.metrics, row.decision.metrics
    return [
        {
            "name": label(metric),
            "unit": unit(metric),
            "target": target,
            **(
                {"value": here, "ratio": outcome.ratio, "replicas": outcome.replicas, "rule": outcome.rule}
                if isinstance(outcome, Proposal)
                else {"problem": str(outcome)}
            ),
        }
        for metric, outcome, here, target in zip(metrics, outcomes, run.values(row), run.targets(), strict=False)
    ]


def table(runs: Sequence[Run], every: float) -> str:
    """A line for each sync at which the replicas changed, and at least one each `every` seconds."""
    several = len(runs) > 1
    heads = ["time", "load"]
    for mark, run in zip((" A", " B") if several else ("",), runs, strict=True):
        heads += [f"{head}{mark}" for head in ("replicas", "ready", *run.heads(), "unmet", "pod-hours")]
    lines = [heads if several else [*heads, "why"]]
    last, shown = None, -every
    for rows in zip(*(run.rows for run in runs), strict=True):
        state = [(row.replicas, row.ready) for row in rows]
        if state == last and rows[0].time - shown < every:
            continue
        last, shown = state, rows[0].time
        line = [clock(rows[0].time), f"{rows[0].load:.1f}"]
        for run, row in zip(runs, rows, strict=True):
            values = ["-" if here is None else f"{here:.4g}" for here in run.values(row)]
            line += [str(row.replicas), str(row.ready), *values, f"{row.unmet:.1f}", f"{row.pod_hours:.2f}"]
        lines.append(line if several else [*line, runs[0].explained(rows[0]).sentence()])
    return aligned(lines)


def totals(runs: Sequence[Run]) -> str:
    return aligned(total_cells(runs))


def total_cells(runs: Sequence[Run]) -> list[list[str]]:
    lines = [["", "pod-hours", "served %", "unmet", "most replicas", "changes"]]
    for index, run in enumerate(runs):
        name = f"{'AB'[index]}: {run.name}" if len(runs) > 1 else run.name
        lines.append([name, *_totals(run.rows, run.model.replicas)])
    return lines


def aligned(lines: Sequence[Sequence[str]]) -> str:
    """Columns to the right, but those that hold words."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    words = [any(cell[:1].isalpha() for cell in column[1:]) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if word else cell.rjust(width)
            for cell, width, word in zip(line, widths, words, strict=True)
        ).rstrip()
        for line in lines
    )


def _totals(rows: Sequence[Row], first: int) -> list[str]:
    offered, served = sum(row.load for row in rows), sum(row.served for row in rows)
    period = rows[1].time - rows[0].time if len(rows) > 1 else 0.0
    changes = sum(before != after for before, after in pairwise([first, *(row.replicas for row in rows)]))
    return [
        f"{rows[-1].pod_hours:.2f}",
        f"{min(100.0, 100 * served / offered) if offered else 100.0:.3f}",
        f"{sum(row.unmet for row in rows) * period:.0f}",
        str(max(row.replicas for row in rows)),
        str(changes),
    ]
