"""The command line, and what it says of the controller, the work, the load and what happens besides."""

import argparse
import math
from dataclasses import fields
from pathlib import Path
from typing import Any

from hpa import load, manifest
from hpa.incidents import Incidents
from hpa.problem import HpaError
from hpa.simulation import MOST_PODS
from hpa.spec import Controller
from hpa.workload import Sidecar, Workload

DAY = 86_400
# Options that take a number of seconds or units, and the least and most of each.
_NUMBERS: dict[str, tuple[float, float]] = {
    **dict.fromkeys(("startup", "lag", "window"), (0, DAY)),
    **dict.fromkeys(("low", "high"), (0, load.MOST)),
    **dict.fromkeys(("downscale_stabilization", "cpu_initialization", "initial_readiness"), (0, 1e6)),
    "duration": (0, 1e9),
    "every": (0, 1e9),
    "never_ready": (0, 1e9),
    "tolerance": (0, 1e9),
}
_QUANTITIES = ("request", "limit", "cost", "idle", "memory", "memory_request", "startup_cpu", "memory_cost")
_BYTES = ("memory", "memory_request", "memory_cost")


def parser() -> argparse.ArgumentParser:
    result = argparse.ArgumentParser(
        prog="python -m hpa",
        description="What an autoscaler does under a load: python -m hpa Pulumi.dev.yaml --load sine --high 200",
        epilog="FILE is a stack file, or YAML with HorizontalPodAutoscalers (autoscaling/v2, v1, or older). The load "
        "is a shape, or a CSV file with the columns seconds and load. The decisions are those of Kubernetes 1.34's "
        "controller; the work of the pods is modelled as hpa/workload.py says.",
    )
    result.add_argument("file", type=Path, metavar="FILE")
    result.add_argument("--model", help="one of the file's autoscalers; default: all, in short")
    result.add_argument("--replicas", type=int, help="pods before the load begins; default: the least")
    out = result.add_argument_group("what comes out")
    out.add_argument("--json", action="store_true", help="one object for each sync")
    out.add_argument("--png", type=Path, metavar="FILE", help="draw it, too")
    out.add_argument("--html", type=Path, metavar="FILE", help="write a page with the reason of each sync, too")
    out.add_argument("--explain", metavar="TIME", help="one sync in full: seconds, or 0:12:15")
    out.add_argument("--every", type=float, metavar="SECONDS", help="a line of the table at least this often")
    out.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="compare with: max=20, target=50")
    out.add_argument("--against", type=Path, metavar="FILE", help="compare with another file's autoscaler")
    out.add_argument("--suggest", type=float, metavar="PERCENT", help="least, most and target to serve so much")
    shape = result.add_argument_group("load, in units (requests, packets, messages) a second")
    shape.add_argument("--load", default="sine", metavar="SHAPE|CSV", help=f"{', '.join(load.SHAPES)}, or a file")
    shape.add_argument("--low", type=float, help="default: a tenth of the highest")
    shape.add_argument("--high", type=float, help="default: what half of the most pods can serve")
    shape.add_argument("--duration", type=float, default=3600.0, metavar="SECONDS", help="of a shape; default: 3600")
    _work(result.add_argument_group("the pods' work"))
    _besides(result.add_argument_group("what happens besides, in seconds from the load's beginning"))
    flags = result.add_argument_group("the controller's flags, in seconds", "defaults: those of Kubernetes")
    for field in fields(Controller):
        name = f"--{field.name.replace('_', '-')}"
        if field.name == "configurable_tolerance":
            flags.add_argument(name, action="store_true", help="behavior.*.tolerance counts (Kubernetes 1.35)")
        else:
            flags.add_argument(name, type=float, default=field.default, help=f"default: {field.default:g}")
    flags.add_argument("--scale-to-zero", action="store_true", help="minReplicas may be 0 (gate HPAScaleToZero)")
    return result


def _work(group: Any) -> None:
    _quantity(group, "--request", "cpu requested; default: the model's, or 100m")
    _quantity(group, "--limit", "cpu limit; default: the model's, or 1")
    _quantity(group, "--cost", "cpu of one unit of load a second; default: 10m")
    _quantity(group, "--idle", "cpu of a pod that does nothing; default: 5m")
    _quantity(group, "--startup-cpu", "cpu of a pod that starts; default: as idle")
    _quantity(group, "--memory", "memory that a pod uses, if it scales by memory")
    _quantity(group, "--memory-request", "default: the model's")
    _quantity(group, "--memory-cost", "memory of one unit of load a second; default: none")
    group.add_argument("--memory-kept", action="store_true", default=None, help="memory never falls with the load")
    group.add_argument("--container", help="which does the work; default: the first that a metric names")
    group.add_argument(
        "--sidecar", action="append", metavar="NAME=CPU:USE", help="another container, its cpu request and use"
    )
    group.add_argument("--startup", type=float, metavar="SECONDS", help="from made to ready; default: 30")
    group.add_argument("--lag", type=float, metavar="SECONDS", help="age of the metrics; default: 15")
    group.add_argument("--window", type=float, metavar="SECONDS", help="time that a metric covers; default: 15")
    group.add_argument("--queue", action="store_true", default=None, help="unmet load waits; External metrics count it")


def _besides(group: Any) -> None:
    group.add_argument("--rollout", action="append", default=[], metavar="TIME", help="every pod is replaced")
    group.add_argument("--crash", action="append", default=[], metavar="TIME:PODS", help="so many pods start again")
    group.add_argument("--never-ready", type=float, metavar="TIME", help="pods made from then on never serve")
    group.add_argument("--no-metrics", action="append", default=[], metavar="FROM-TO", help="the metrics APIs are down")
    group.add_argument(
        "--foreign", type=int, default=0, metavar="PODS", help="pods under the selector that serve nothing"
    )
    group.add_argument("--foreign-cpu", default="0", metavar="QUANTITY", help="what each of them uses")


def _quantity(group: Any, name: str, text: str) -> None:
    group.add_argument(name, metavar="QUANTITY", help=text)


def check(arguments: argparse.Namespace) -> None:
    """Whether every number is one that can be worked with. Raises HpaError."""
    for name, (least, most) in _NUMBERS.items():
        value = getattr(arguments, name)
        if value is not None and not least <= value <= most:
            limit = f"at most {most:g}" if value > most else f"at least {least:g}"
            raise HpaError(f"--{name.replace('_', '-')} {value:g}: write {limit}")
    if not 0 <= arguments.foreign <= MOST_PODS:
        raise HpaError(f"--foreign {arguments.foreign}: write from 0 to {MOST_PODS}")


def controller(arguments: argparse.Namespace) -> Controller:
    result = Controller(**{field.name: getattr(arguments, field.name) for field in fields(Controller)})
    if not 0 < result.sync_period < math.inf:
        raise HpaError(f"--sync-period {result.sync_period:g}: write more than zero")
    return result


def workload(arguments: argparse.Namespace) -> dict[str, Any]:
    """The fields of Workload that the command line sets. Raises HpaError."""
    names = {field.name for field in fields(Workload)} - {"sidecars"}
    given: dict[str, Any] = {name: value for name in names if (value := getattr(arguments, name)) is not None}
    for name in _QUANTITIES:
        if name in given:
            given[name] = _amount(given[name], name)
    if arguments.container is not None and not arguments.container:
        raise HpaError("--container: write a name")
    if arguments.sidecar is not None:
        given["sidecars"] = tuple(_sidecar(text) for text in arguments.sidecar)
    return given


def _amount(text: str, name: str) -> float:
    option = f"--{name.replace('_', '-')}"
    found = manifest.amount(text, option)
    if found.sign < 0:
        raise HpaError(f"{option} {text}: write at least 0")
    exact = found.approximate()
    if exact > 2**50:
        raise HpaError(f"{option} {text}: write less than 1Pi")
    if name in ("cost", "memory_cost"):
        return exact * (1 if name in _BYTES else 1000)
    return found.milli() // 1000 if name in _BYTES else found.milli()


def _sidecar(text: str) -> Sidecar:
    name, equals, amounts = text.partition("=")
    request, colon, use = amounts.partition(":")
    if not (name and equals and colon):
        raise HpaError(f"--sidecar {text}: write NAME=CPU:USE, such as istio-proxy=100m:20m")
    return Sidecar(name=name, request=int(_amount(request, "sidecar")), use=int(_amount(use, "sidecar")))


def incidents(arguments: argparse.Namespace) -> Incidents:
    """Raises HpaError."""
    foreign_cpu = int(_amount(arguments.foreign_cpu, "foreign_cpu"))
    return Incidents(
        rollouts=tuple(seconds(text, "--rollout") for text in arguments.rollout),
        crashes=tuple(_crash(text) for text in arguments.crash),
        broken=arguments.never_ready,
        silences=tuple(_span(text) for text in arguments.no_metrics),
        foreign=arguments.foreign,
        foreign_cpu=foreign_cpu if arguments.foreign else 0,
    )


def seconds(text: str, option: str) -> float:
    """Seconds, or hours:minutes:seconds, or minutes:seconds. Raises HpaError."""
    try:
        parts = [float(part) for part in text.split(":")]
    except ValueError:
        parts = []
    total: float = sum(part * 60**place for place, part in enumerate(reversed(parts[:3])))
    if not 1 <= len(parts) <= 3 or min(parts) < 0 or not total <= 1e9:
        raise HpaError(f"{option} {text}: write seconds, or a time such as 0:12:15")
    return total


def _crash(text: str) -> tuple[float, int]:
    moment, colon, count = text.rpartition(":")
    if not colon or not (count.isascii() and count.isdigit()) or len(count) > 6:
        raise HpaError(f"--crash {text}: write TIME:PODS, such as 600:2")
    return seconds(moment, "--crash"), int(count)


def _span(text: str) -> tuple[float, float]:
    begin, dash, end = text.partition("-")
    if not dash:
        raise HpaError(f"--no-metrics {text}: write FROM-TO, such as 600-900")
    span = seconds(begin, "--no-metrics"), seconds(end, "--no-metrics")
    if span[0] >= span[1]:
        raise HpaError(f"--no-metrics {text}: write an end that is later than the beginning")
    return span
