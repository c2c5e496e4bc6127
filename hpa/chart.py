"""Simulations as a picture."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hpa.problem import HpaError
from hpa.report import Run


def draw(runs: Sequence[Run], title: str, path: Path) -> None:
    """Write a PNG: load, replicas with what was proposed, each metric with its target, unmet load. Raises HpaError."""
    if path.suffix.lower() != ".png":
        raise HpaError(f"--png {path}: write a file name that ends in .png")
    try:
        import matplotlib
    except ImportError:
        raise HpaError("--png: matplotlib is not installed: pip install matplotlib") from None
    matplotlib.use("Agg")
    from matplotlib import pyplot

    metrics = max(len(run.model.autoscaler.metrics) for run in runs)
    heights = [1, 2, *[1.5] * metrics, 1]
    figure, axes = pyplot.subplots(
        len(heights), 1, sharex=True, figsize=(10, 1.6 * sum(heights)), height_ratios=heights, layout="constrained"
    )
    figure.suptitle(title, parse_math=False)
    hours = [row.time / 3600 for row in runs[0].rows]
    axes[0].plot(hours, [row.load for row in runs[0].rows], color="black")
    axes[0].set_ylabel("load a second")
    for color, run in zip(("tab:blue", "tab:orange"), runs, strict=False):
        _replicas(axes[1], hours, run, color)
        for place, target in enumerate(run.targets()):
            here = [run.values(row)[place] for row in run.rows]
            axes[2 + place].plot(hours, [float("nan") if one is None else one for one in here], color=color)
            axes[2 + place].axhline(target, color=color, linestyle="--", linewidth=1)
            axes[2 + place].set_ylabel(f"{run.heads()[place]}\n(dashed: target)")
        axes[-1].plot(hours, [row.unmet for row in run.rows], color=color)
    axes[1].set_ylabel("replicas")
    axes[1].legend(loc="upper right", fontsize="small")
    axes[-1].set_ylabel("unmet load")
    axes[-1].set_xlabel("hours")
    for axis in axes:
        axis.set_ylim(0, max(axis.get_ylim()[1], 1e-3))
        axis.grid(alpha=0.3)
    try:
        figure.savefig(path, dpi=110)
    except OSError as error:
        raise HpaError(f"--png {path}: {error.strerror}") from None
    finally:
        pyplot.close(figure)


def _replicas(axis: Any, hours: Sequence[float], run: Run, color: str) -> None:
    axis.step(hours, [row.replicas for row in run.rows], where="post", color=color, label=run.name)
    axis.step(hours, [row.ready for row in run.rows], where="post", color=color, linestyle=":", label="ready")
    top = 1.3 * max(max(row.replicas for row in run.rows), 1)
    proposed = [float("nan") if row.proposed is None else min(row.proposed, top) for row in run.rows]
    axis.step(hours, proposed, where="post", color=color, alpha=0.5, linewidth=1, label="proposed by the metrics")
    for bound in (run.model.autoscaler.min, run.model.autoscaler.max):
        if bound <= top:
            axis.axhline(bound, color=color, linestyle="--", linewidth=0.8)
