"""The engine, by the number of models.

Slipway as a user runs it (`python -m tools up`: settings, policies, plan, gate and report included) beside a plain
Pulumi program of the same Kubernetes objects, and beside `kubectl` with the same objects as manifests. All three work
on the same embedded control plane: a real API server, whose pods are simulated. One server on this machine answers for
all models, so each has its files fetched and its prediction asked, which the other two do not do.

`kubectl apply` returns before anything is ready; Pulumi waits for Deployments, StatefulSets and Jobs, and Slipway for
every model's right answer. `kubectl diff` stands beside the preview. "Each further model" is the difference between
two sizes, divided by the models between them.
"""

import json
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from tools.bench.frame.fleet import Fleet, fleet, manifests
from tools.bench.frame.pulumi import BARE, Project
from tools.bench.frame.row import Row, grouped
from tools.bench.frame.run import Run, Timed, rows_of, timed
from tools.environment import tools_first

SIZES = (1, 10, 100)
PREVIEW, UP, NOOP = "preview of a new stack", "up from nothing", "up that changes nothing"
UNCHANGED, REFRESH, DESTROY = "preview that finds nothing", "refresh", "destroy"
# In the order in which they can be done.
STEPS = (PREVIEW, UP, NOOP, UNCHANGED, REFRESH, DESTROY)

Steps = Mapping[str, Callable[[], object]]


def rows(run: Run) -> Iterator[Row]:
    found: list[Row] = []
    with fleet(run.scratch / "slipway") as made:
        for size in run.sizes or (SIZES[:1] if run.quick else SIZES):
            made.models(size)
            found += _timed(run, made, size)
            found += _state(made, size)
    # Each table with its sizes below one another.
    yield from (row for sizes in grouped(found).values() for each in sizes.values() for row in each)
    yield from _further(found)


def _timed(run: Run, made: Fleet, size: int) -> Iterator[Row]:
    objects = made.objects()
    bare = Project.of(run.scratch / f"bare-{size}", BARE, {"bare:kubeconfig": str(made.kubeconfig)})
    (bare.folder / "objects.json").write_text(json.dumps(objects))
    ways: dict[str, Steps] = {
        "Slipway": _slipway(made),
        "plain Pulumi": _plain(bare),
        "kubectl": _kubectl(made.kubeconfig, run.scratch / f"objects-{size}.json", objects),
    }
    found: dict[str, dict[str, list[Timed]]] = {step: {} for step in STEPS}
    for number in range(run.repeats):
        for way, steps in ways.items():
            run.say(f"{size} models, round {number + 1} of {run.repeats}: {way}")
            for step, work in steps.items():
                found[step].setdefault(way, []).append(timed(work))
    for step in STEPS:
        yield from rows_of(step, found[step], size)


def _slipway(made: Fleet) -> Steps:
    return {
        PREVIEW: lambda: made.tools("preview"),
        UP: lambda: made.tools("up"),
        NOOP: lambda: made.tools("up"),
        UNCHANGED: lambda: made.tools("preview"),
        REFRESH: lambda: made.tools("refresh"),
        # Slipway's own would take the cluster away too.
        DESTROY: made.project.destroy,
    }


def _plain(bare: Project) -> Steps:
    return {
        PREVIEW: bare.preview,
        UP: bare.up,
        NOOP: bare.up,
        UNCHANGED: bare.preview,
        REFRESH: bare.refresh,
        DESTROY: bare.destroy,
    }


def _kubectl(kubeconfig: Path, file: Path, objects: Sequence[dict[str, Any]]) -> Steps:
    file.write_text(manifests(objects))

    def kubectl(*words: str) -> Callable[[], object]:
        line = ["kubectl", f"--kubeconfig={kubeconfig}", *words, f"--filename={file}"]
        return lambda: subprocess.run(line, env=tools_first(), check=True, capture_output=True)

    return {
        UP: kubectl("apply", "--server-side"),
        NOOP: kubectl("apply", "--server-side"),
        UNCHANGED: kubectl("diff", "--server-side"),
        DESTROY: kubectl("delete"),
    }


def _state(made: Fleet, size: int) -> Iterator[Row]:
    """How much the engine keeps. The stack is made once more for it, and goes again."""
    made.tools("up")
    kept = made.project.resources()
    made.project.destroy()
    yield Row(what="resources in the state", way="Slipway", size=size, values=[len(kept)], unit="resources")
    yield Row(what="size of the state", way="Slipway", size=size, values=[len(json.dumps(kept)) / 1000], unit="kB")


def _further(found: Sequence[Row]) -> Iterator[Row]:
    for what, sizes in grouped(found).items():
        for (less, before), (more, after) in pairwise(sorted((size or 0, each) for size, each in sizes.items())):
            for row in after:
                pairs = [each for each in before if each.way == row.way]
                for one in pairs:
                    values = [(b - a) / (more - less) for a, b in zip(one.values, row.values, strict=True)]
                    yield Row(what=f"each further model: {what}", way=row.way, size=more, values=values, unit=row.unit)
