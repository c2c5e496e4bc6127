"""What an autoscaler does under a load: `python -m hpa Pulumi.dev.yaml --load sine --high 200`.

FILE is a stack file, or YAML with autoscaling/v2 HorizontalPodAutoscalers. The load is a shape or a CSV file with the
columns seconds and load. The decisions are those of Kubernetes 1.34's controller; the work of the pods is modelled as
hpa/workload.py says.
"""

import argparse
import json
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

from hpa import fleet, load, manifest, report, simulation
from hpa.chart import draw
from hpa.problem import HpaError
from hpa.report import Named
from hpa.simulation import Model
from hpa.source import Declared, read
from hpa.spec import Controller
from hpa.suggestion import suggest
from hpa.workload import Workload


def parser() -> argparse.ArgumentParser:
    result = argparse.ArgumentParser(
        prog="python -m hpa", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    result.add_argument("file", type=Path, metavar="FILE")
    result.add_argument("--model", help="one of the file's autoscalers; default: all, in short")
    result.add_argument("--replicas", type=int, help="pods before the load begins; default: the least")
    out = result.add_argument_group("what comes out")
    out.add_argument("--json", action="store_true", help="one object for each sync")
    out.add_argument("--png", type=Path, metavar="FILE", help="draw it, too")
    out.add_argument("--every", type=float, metavar="SECONDS", help="a line of the table at least this often")
    out.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="compare with: max=20, target=50")
    out.add_argument("--against", type=Path, metavar="FILE", help="compare with another file's autoscaler")
    out.add_argument("--suggest", type=float, metavar="PERCENT", help="least, most and target to serve so much")
    shape = result.add_argument_group("load, in units (requests, packets, messages) a second")
    shape.add_argument("--load", default="sine", metavar="SHAPE|CSV", help=f"{', '.join(load.SHAPES)}, or a file")
    shape.add_argument("--low", type=float, help="default: a tenth of the highest")
    shape.add_argument("--high", type=float, help="default: what half of the most pods can serve")
    shape.add_argument("--duration", type=float, default=3600.0, metavar="SECONDS", help="of a shape; default: 3600")
    work = result.add_argument_group("the pods' work")
    _milli(work, "--request", "cpu requested; default: the model's, or 100m")
    _milli(work, "--limit", "cpu limit; default: the model's, or 1")
    _milli(work, "--cost", "cpu of one unit of load a second; default: 10m")
    _milli(work, "--idle", "cpu of a pod that does nothing; default: 5m")
    _milli(work, "--memory", "memory that a pod uses, if it scales by memory")
    _milli(work, "--memory-request", "default: the model's")
    work.add_argument("--startup", type=float, metavar="SECONDS", help="from made to ready; default: 30")
    work.add_argument("--lag", type=float, metavar="SECONDS", help="age of the metrics; default: 15")
    work.add_argument("--window", type=float, metavar="SECONDS", help="time that a metric covers; default: 15")
    work.add_argument("--queue", action="store_true", default=None, help="unmet load waits; External metrics count it")
    flags = result.add_argument_group("the controller's flags, in seconds", "defaults: those of Kubernetes")
    for field in fields(Controller):
        name = f"--{field.name.replace('_', '-')}"
        if field.name == "configurable_tolerance":
            flags.add_argument(name, action="store_true", help="behavior.*.tolerance counts (Kubernetes 1.35)")
        else:
            flags.add_argument(name, type=float, default=field.default, help=f"default: {field.default:g}")
    return result


def _milli(group: Any, name: str, text: str) -> None:
    group.add_argument(name, metavar="QUANTITY", help=text)


def controller(arguments: argparse.Namespace) -> Controller:
    result = Controller(**{field.name: getattr(arguments, field.name) for field in fields(Controller)})
    if result.sync_period <= 0:
        raise HpaError(f"--sync-period {result.sync_period:g}: write more than zero")
    return result


def workload(arguments: argparse.Namespace) -> dict[str, Any]:
    """The fields of Workload that the command line sets."""
    given = {field.name: value for field in fields(Workload) if (value := getattr(arguments, field.name)) is not None}
    for name in ("request", "limit", "idle", "cost", "memory", "memory_request"):
        if name in given:
            given[name] = manifest.milli(given[name], f"--{name.replace('_', '-')}")
    for name in ("memory", "memory_request"):
        if name in given:
            given[name] //= 1000
    for name in ("startup", "lag", "window"):
        if given.get(name, 0) < 0:
            raise HpaError(f"--{name} {given[name]:g}: write at least 0")
    return given


def the_load(arguments: argparse.Namespace, model: Model, period: float) -> load.Load:
    if arguments.load not in load.SHAPES:
        path = Path(arguments.load)
        if path.suffix or path.exists():
            return load.trace(path, period)
    half = model.autoscaler.max * model.workload.capacity / 2
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
    flags, given = controller(arguments), workload(arguments)
    declared = chosen(read(arguments.file, Workload(), given), arguments.model)
    models = [entry.model(arguments.replicas) for entry in declared]
    for model in models:
        simulation.check(model)
    wave = the_load(arguments, models[0], flags.sync_period)
    compared = _compared(arguments, declared, given)
    if len(models) > 1:
        if compared or arguments.suggest is not None or arguments.png:
            names = ", ".join(model.name for model in models)
            raise HpaError(f"--set, --against, --suggest and --png take one of the file's autoscalers: --model {names}")
        return _fleet(models, wave, flags, arguments.json)
    if arguments.suggest is not None:
        return _suggestion(models[0], wave, flags, arguments)
    models += [entry.model(arguments.replicas) for entry in compared]
    runs = [Named(model.name, simulation.simulate(model, wave, flags), model.replicas) for model in models]
    if arguments.png:
        draw(runs, arguments.png)
    if arguments.json:
        return "\n".join(json.dumps({"model": entry.name, **row.json()}) for entry in runs for row in entry.rows)
    every = arguments.every or len(wave) * flags.sync_period / 20
    return f"{report.table(runs, every)}\n\n{report.totals(runs)}"


def _compared(arguments: argparse.Namespace, declared: list[Declared], given: dict[str, Any]) -> list[Declared]:
    if arguments.against is None:
        return [declared[0].altered(arguments.set)] if arguments.set else []
    other = chosen(read(arguments.against, Workload(), given), arguments.model)
    if len(other) > 1:
        raise HpaError(f"--against {arguments.against}: choose with --model: {', '.join(e.name for e in other)}")
    return [other[0].altered(arguments.set) if arguments.set else other[0]]


def _fleet(models: list[Model], wave: load.Load, flags: Controller, as_json: bool) -> str:
    history = fleet.simulate(models, wave, flags)
    if as_json:
        return "\n".join(json.dumps(row) for row in history.rows([model.name for model in models]))
    lines = [["model", "pod-hours", "served %", "most replicas"]]
    for column, model in enumerate(models):
        hours, level = history.pod_hours[column], history.service_level[column]
        lines.append([model.name, f"{hours:.2f}", f"{level:.3f}", str(history.replicas[:, column].max())])
    return report.aligned(lines)


def _suggestion(model: Model, wave: load.Load, flags: Controller, arguments: argparse.Namespace) -> str:
    found = suggest(model, wave, flags, arguments.suggest)
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
        print(run(parser().parse_args()))
    except HpaError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
