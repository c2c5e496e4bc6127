"""What a stack asks of its cluster: cpu, memory and GPUs of every pod, at the least and the most replicas."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from components.settings.quantity import parse
from tools.prediction.answer import aligned
from tools.render.manifest import Manifest
from tools.render.stack import Rendering

HOURS = 730
_GIB = 1 << 30


@dataclass(frozen=True, kw_only=True)
class Price:
    """Of an hour of one core, one GiB and one GPU, in whatever currency."""

    cpu: float = 0
    memory: float = 0
    gpu: float = 0


@dataclass(frozen=True, kw_only=True)
class Amount:
    """Cores, GiB and GPUs."""

    cpu: float = 0
    memory: float = 0
    gpu: float = 0

    def __add__(self, other: "Amount") -> "Amount":
        return Amount(cpu=self.cpu + other.cpu, memory=self.memory + other.memory, gpu=self.gpu + other.gpu)

    def times(self, count: float) -> "Amount":
        return Amount(cpu=self.cpu * count, memory=self.memory * count, gpu=self.gpu * count)

    def monthly(self, price: Price) -> float:
        return HOURS * (self.cpu * price.cpu + self.memory * price.memory + self.gpu * price.gpu)


@dataclass(frozen=True, kw_only=True)
class Demand:
    """Pods of one object: what each requests and may take, and how many there are."""

    part: str
    name: str
    requests: Amount
    limits: Amount
    least: int
    most: int


def demands(rendering: Rendering) -> list[Demand]:
    """Of everything that runs all the time; jobs end, and are left out."""
    scaled = {
        (each.metadata.get("namespace"), each.content["spec"]["scaleTargetRef"]["name"]): each.content["spec"]
        for each in rendering.manifests
        if each.kind == "HorizontalPodAutoscaler"
    }
    found = [demand for each in rendering.manifests for demand in _of(each, scaled)]
    return sorted(found, key=lambda each: (each.part, each.name))


def _of(manifest: Manifest, scaled: Mapping[tuple[Any, str], Mapping[str, Any]]) -> Iterator[Demand]:
    spec = manifest.content.get("spec") or {}
    least: int | None = spec.get("replicas", 1)
    if manifest.kind in ("Deployment", "StatefulSet", "DaemonSet"):
        pod = spec["template"]["spec"]
        target = manifest.name
    elif manifest.kind == "InferenceService":
        pod = spec["predictor"]
        target, least = f"{manifest.name}-predictor", pod.get("minReplicas", 1)
    elif manifest.kind == "Cluster" and "instances" in spec:
        pod = {"containers": [{"resources": spec.get("resources") or {}}]}
        target, least = manifest.name, spec["instances"]
    else:
        return
    rule = scaled.get((manifest.metadata.get("namespace"), target))
    count = int(rule.get("minReplicas", 1)) if rule else int(least or 0)
    most = int(rule["maxReplicas"]) if rule else int(pod.get("maxReplicas") or count)
    yield Demand(
        part=manifest.release or ("models" if manifest.kind == "InferenceService" else manifest.metadata["namespace"]),
        name=manifest.name,
        requests=_amount(pod, "requests"),
        limits=_amount(pod, "limits"),
        least=count,
        most=max(most, count),
    )


def _amount(pod: Mapping[str, Any], which: str) -> Amount:
    total = Amount()
    for container in [*(pod.get("containers") or []), *([pod["model"]] if "model" in pod else [])]:
        asked = (container.get("resources") or {}).get(which) or {}
        total += Amount(
            cpu=float(parse(str(asked.get("cpu", 0)))),
            memory=float(parse(str(asked.get("memory", 0)))) / _GIB,
            gpu=sum(float(parse(str(value))) for key, value in asked.items() if str(key).endswith("/gpu")),
        )
    return total


def table(found: Sequence[Demand], price: Price) -> str:
    """A line for each object and the sums of the parts; money only where a price was given."""
    head = ["part", "object", "pods", "cpu", "memory GiB", "GPUs", "cpu limit", "memory limit GiB"]
    priced = price != Price()
    rows = [[*head, *(["a month"] if priced else [])]]
    sums: dict[str, list[Demand]] = defaultdict(list)
    for each in found:
        sums[each.part].append(each)
        rows.append(_row(each.part, each.name, [each], price, priced))
    rows += [_row(part, "all", each, price, priced) for part, each in sums.items() if len(each) > 1]
    rows.append(_row("everything", "", found, price, priced))
    return aligned(list(zip(*rows, strict=True)))


def _row(part: str, name: str, found: Sequence[Demand], price: Price, priced: bool) -> list[str]:
    low = _sum(each.requests.times(each.least) for each in found)
    high = _sum(each.requests.times(each.most) for each in found)
    cap = _sum(each.limits.times(each.least) for each in found)
    roof = _sum(each.limits.times(each.most) for each in found)
    cells = [
        _span(sum(each.least for each in found), sum(each.most for each in found)),
        _span(low.cpu, high.cpu),
        _span(low.memory, high.memory),
        _span(low.gpu, high.gpu),
        _span(cap.cpu, roof.cpu),
        _span(cap.memory, roof.memory),
    ]
    return [part, name, *cells, *([_span(low.monthly(price), high.monthly(price), 2)] if priced else [])]


def _sum(amounts: Iterable[Amount]) -> Amount:
    return sum(amounts, Amount())


def _span(low: float, high: float, digits: int = 3) -> str:
    """One number, or from the least to the most replicas."""
    shown = [f"{value:.{digits}f}".rstrip("0").rstrip(".") if value else "0" for value in (low, high)]
    return shown[0] if shown[0] == shown[1] else f"{shown[0]} to {shown[1]}"
