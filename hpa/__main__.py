"""What an autoscaler does under a load: `python -m hpa Pulumi.dev.yaml --load sine --high 200`."""

import argparse
import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from hpa import arguments as options
from hpa import chart, fleet, load, page, report, simulation
from hpa.arguments import parser
from hpa.problem import HpaError
from hpa.report import Run
from hpa.simulation import Model
from hpa.source import Declared, read
from hpa.spec import Controller
from hpa.suggestion import suggest
from hpa.workload import Workload

# Of many models at once: models times syncs.
MOST_AT_ONCE = 20_000_000


def the_load(arguments: argparse.Namespace, model: Model, period: float) -> load.Load:
    if arguments.load not in load.SHAPES:
        path = Path(arguments.load)
        if path.suffix or path.exists():
            return load.trace(path, period)
    half = min(load.MOST, model.autoscaler.max * model.workload.capacity / 2)
    high = half if arguments.high is None else arguments.high
    low = high / 10 if arguments.low is None else arguments.low
    return load.shape(arguments.load, low, high, arguments.duration, period)


def chosen(found: list[Declared], name: str | None) -> list[Declared]:
    if name is None:
        return found
    picked = [entry for entry in found if entry.name == name]
    if not picked:
        raise HpaError(f"--model {name}: the file has {', '.join(entry.name for entry in found)}")
    return picked


def run(arguments: argparse.Namespace) -> str:
    """What to print. Raises HpaError."""
    return "\n".join(output(arguments))


def output(arguments: argparse.Namespace) -> Iterable[str]:
    """What to print, line by line. Raises HpaError."""
    options.check(arguments)
    flags, given = options.controller(arguments), options.workload(arguments)
    declared = chosen(_read(arguments, arguments.file, given), arguments.model)
    incidents = options.incidents(arguments)
    models = [entry.model(arguments.replicas, incidents) for entry in declared]
    for model in models:
        simulation.check(model)
    compared = _compared(arguments, declared, given)
    alone = compared or arguments.suggest is not None or arguments.png or arguments.html or arguments.explain
    if len(models) > 1:
        if alone:
            names = ", ".join(model.name for model in models)
            raise HpaError(
                "--set, --against, --suggest, --explain, --png and --html take one of the file's autoscalers: "
                f"--model {names}"
            )
        return _many(models, arguments, flags)
    for note in (note for entry in [*declared, *compared] for note in entry.notes):
        print(note, file=sys.stderr)
    wave = the_load(arguments, models[0], flags.sync_period)
    if arguments.suggest is not None:
        return [_suggestion(models[0], wave, flags, arguments)]
    models += [entry.model(arguments.replicas, incidents) for entry in compared]
    runs = [Run(model, simulation.simulate(model, wave, flags), flags) for model in models]
    title = f"{' against '.join(run.name for run in runs)}: {_of_load(arguments, wave)}"
    if arguments.png:
        chart.draw(runs, title, arguments.png)
    if arguments.html:
        page.write(runs, title, arguments.html)
    if arguments.explain:
        return _explained(runs, arguments.explain)
    return report.lines(runs) if arguments.json else _shown(runs, arguments)


def _read(arguments: argparse.Namespace, path: Path, given: dict[str, Any]) -> list[Declared]:
    return read(path, Workload(), given, to_zero=arguments.scale_to_zero)


def _compared(arguments: argparse.Namespace, declared: list[Declared], given: dict[str, Any]) -> list[Declared]:
    if arguments.against is None:
        return [declared[0].altered(arguments.set)] if arguments.set else []
    other = chosen(_read(arguments, arguments.against, given), arguments.model)
    if len(other) > 1:
        raise HpaError(f"--against {arguments.against}: choose with --model: {', '.join(e.name for e in other)}")
    return [other[0].altered(arguments.set) if arguments.set else other[0]]


def _of_load(arguments: argparse.Namespace, wave: load.Load) -> str:
    return f"{arguments.load}, {wave.min():.4g} to {wave.max():.4g} a second"


def _explained(runs: Sequence[Run], time: str) -> Iterator[str]:
    moment = options.seconds(time, "--explain")
    for run in runs:
        if len(runs) > 1:
            yield run.name
        yield from run.explained(run.at(moment)).lines()


def _shown(runs: Sequence[Run], arguments: argparse.Namespace) -> Iterator[str]:
    every = len(runs[0].rows) * runs[0].controller.sync_period / 20 if arguments.every is None else arguments.every
    yield report.table(runs, every)
    yield ""
    yield report.totals(runs)
    for run in runs:
        if run.blind():
            first = next(row for row in run.rows if row.reason in ("FailedGetMetrics", "AmbiguousSelector"))
            yield (
                f"\n{run.name} could decide nothing at {run.blind()} of {len(run.rows)} syncs. "
                f"First: {run.explained(first).sentence()}"
            )


def _many(models: list[Model], arguments: argparse.Namespace, flags: Controller) -> Iterable[str]:
    loads = [the_load(arguments, model, flags.sync_period) for model in models]
    if len(models) * len(loads[0]) > MOST_AT_ONCE:
        raise HpaError(f"{len(models)} models for {len(loads[0])} syncs are too much at once: choose with --model")
    together = [place for place, model in enumerate(models) if fleet.possible(model)]
    history = None
    if together:
        waves = np.column_stack([loads[place] for place in together])
        history = fleet.simulate([models[place] for place in together], waves, flags)
    runs = {
        place: Run(models[place], simulation.simulate(models[place], loads[place], flags), flags)
        for place in range(len(models))
        if place not in together
    }
    if arguments.json:
        return _many_as_json(models, together, history, runs)
    lines = [["model", "pod-hours", "served %", "most replicas"]]
    for place, model in enumerate(models):
        if place in runs:
            cells = report.total_cells([runs[place]])[1]
            lines.append([model.name, cells[1], cells[2], cells[4]])
        elif history:
            lines.append([model.name, *history.totals(together.index(place))])
    return [report.aligned(lines)]


def _many_as_json(
    models: list[Model], together: list[int], history: fleet.History | None, runs: dict[int, Run]
) -> Iterator[str]:
    for place, model in enumerate(models):
        if place in runs:
            yield from report.short_lines(runs[place])
        elif history:
            yield from history.lines(together.index(place), model.name)


def _suggestion(model: Model, wave: load.Load, flags: Controller, arguments: argparse.Namespace) -> str:
    found = suggest(model, wave, flags, arguments.suggest, replicas=arguments.replicas)
    metric = model.autoscaler.metrics[0]
    percent = metric.target == "Utilization"
    if arguments.json:
        return json.dumps(
            {"model": model.name, **vars(found), "target": found.target if percent else f"{found.target}m"}
        )
    return (
        f"{model.name}: min {found.min}, max {found.max}, "
        f"{metric.name} target {f'{found.target} %' if percent else f'{found.target / 1000:g}'}: "
        f"{found.level:.3f} % of the load with {found.pod_hours:.2f} pod-hours"
    )


def main() -> int:
    try:
        sys.stdout.writelines(f"{line}\n" for line in output(parser().parse_args()))
        sys.stdout.flush()
    except HpaError as error:
        print(error, file=sys.stderr)
        return 1
    except BrokenPipeError:
        # Whoever read has enough, as `head` does. Python would complain once more when it closes the pipe.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
