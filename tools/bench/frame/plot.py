"""A picture of what was compared: lines over sizes, or bars."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib
from cycler import cycler

matplotlib.use("svg")
from matplotlib import pyplot
from matplotlib.axes import Axes

from tools.bench.frame.row import Row

# Text stays text, and the same figures give the same file.
_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "slipway",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.prop_cycle": cycler(color=["#2e7d32", "#90a4ae", "#ef6c00", "#5e35b1"]),
}


def draw(path: Path, sizes: Mapping[int | None, Sequence[Row]]) -> None:
    """Write one `what` of a benchmark; min and max are the ends of the thin lines."""
    with pyplot.rc_context(_STYLE):
        rows = [row for each in sizes.values() for row in each]
        lines = len(sizes) > 1
        figure, axes = pyplot.subplots(figsize=(7, 3.2 if lines else 0.8 + 0.4 * len(rows)), layout="constrained")
        (_lines if lines else _bars)(axes, rows)
        figure.savefig(path, metadata={"Date": None, "Creator": None})
        pyplot.close(figure)


def _lines(axes: Axes, rows: Sequence[Row]) -> None:
    for way in dict.fromkeys(row.way for row in rows):
        own = [row for row in rows if row.way == way]
        middle = [row.median for row in own]
        ends = ([row.median - min(row.values) for row in own], [max(row.values) - row.median for row in own])
        axes.errorbar([row.size or 0 for row in own], middle, yerr=ends, marker="o", capsize=2, label=way)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("models")
    axes.set_ylabel(rows[0].unit)
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)


def _bars(axes: Axes, rows: Sequence[Row]) -> None:
    ends = ([row.median - min(row.values) for row in rows], [max(row.values) - row.median for row in rows])
    bars = axes.barh([row.way for row in rows], [row.median for row in rows], xerr=ends, capsize=2)
    for bar in bars[1:]:
        bar.set_color("#90a4ae")
    axes.invert_yaxis()
    axes.set_xlabel(rows[0].unit)
