"""Simulations as a picture."""

from collections.abc import Sequence
from pathlib import Path

from hpa.problem import HpaError
from hpa.report import Named


def draw(runs: Sequence[Named], path: Path) -> None:
    """Write a PNG with load, replicas, utilisation, unmet load and pod-hours over time. Raises HpaError."""
    try:
        import matplotlib
    except ImportError:
        raise HpaError("--png: matplotlib is not installed: pip install matplotlib") from None
    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(5, 1, sharex=True, figsize=(10, 11), layout="constrained")
    hours = [row.time / 3600 for row in runs[0].rows]
    axes[0].plot(hours, [row.load for row in runs[0].rows], color="black")
    for run in runs:
        (line,) = axes[1].step(hours, [row.replicas for row in run.rows], where="post", label=run.name)
        color = line.get_color()
        axes[1].step(hours, [row.ready for row in run.rows], where="post", color=color, linestyle=":")
        axes[2].plot(hours, [row.utilization for row in run.rows], color=color)
        axes[3].plot(hours, [row.unmet for row in run.rows], color=color)
        axes[4].plot(hours, [row.pod_hours for row in run.rows], color=color)
    labels = ("load, units a second", "replicas (dotted: ready)", "cpu, % of request", "unmet load", "pod-hours")
    for axis, label in zip(axes, labels, strict=True):
        axis.set_ylabel(label)
        axis.set_ylim(bottom=0)
        axis.grid(alpha=0.3)
    figure.legend(loc="outside upper center")
    axes[-1].set_xlabel("hours")
    try:
        figure.savefig(path, dpi=110)
    except OSError as error:
        raise HpaError(f"--png {path}: {error.strerror}") from None
    finally:
        pyplot.close(figure)
