"""Simulations as text: tables and totals."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from hpa.simulation import Row


@dataclass(frozen=True)
class Named:
    """A simulation and what to call it; `before` are the replicas that it began with."""

    name: str
    rows: Sequence[Row]
    before: int


def table(runs: Sequence[Named], every: float) -> str:
    """A line for each sync at which the replicas changed, and at least one each `every` seconds."""
    several = len(runs) > 1
    heads = ["time", "load"]
    for index in range(len(runs)):
        mark = f" {'AB'[index]}" if several else ""
        heads += [f"{head}{mark}" for head in ("replicas", "ready", "cpu %", "unmet", "pod-hours")]
        heads += [] if several else ["why"]
    lines = [heads]
    last, shown = None, -every
    for rows in zip(*(run.rows for run in runs), strict=True):
        state = [(row.replicas, row.ready) for row in rows]
        if state == last and rows[0].time - shown < every:
            continue
        last, shown = state, rows[0].time
        line = [clock(rows[0].time), f"{rows[0].load:.1f}"]
        for row in rows:
            line += [str(row.replicas), str(row.ready), f"{row.utilization:.0f}", f"{row.unmet:.1f}"]
            line += [f"{row.pod_hours:.2f}"] + ([] if several else [row.reason])
        lines.append(line)
    return aligned(lines)


def totals(runs: Sequence[Named]) -> str:
    lines = [["", "pod-hours", "served %", "unmet", "most replicas", "changes"]]
    for index, run in enumerate(runs):
        name = f"{'AB'[index]}: {run.name}" if len(runs) > 1 else run.name
        lines.append([name, *_totals(run.rows, run.before)])
    return aligned(lines)


def aligned(lines: Sequence[Sequence[str]]) -> str:
    """Columns to the right, but the last and the first if they hold words."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    words = [any(cell[:1].isalpha() for cell in column[1:]) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if word else cell.rjust(width)
            for cell, width, word in zip(line, widths, words, strict=True)
        ).rstrip()
        for line in lines
    )


def clock(seconds: float) -> str:
    whole = round(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"


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
