"""Random autoscalers and workloads, the same for the same seed."""

import random

from hpa.simulation import Model
from hpa.spec import Autoscaler, Behavior, Metric, Policy, Rules, Select, Source, TargetKind
from hpa.workload import Sidecar, Workload

CONTAINERS = ("kserve-container", "model", "istio-proxy", "gone")


def model(dice: random.Random, name: str = "model", longest: int = 600) -> Model:
    low = dice.choice([0, 1, 1, 1, 2, 3, 8])
    metrics = tuple(metric(dice) for _ in range(dice.choice([1, 1, 2, 3])))
    if low == 0:
        metrics = (
            *metrics,
            Metric("External", "waiting", dice.choice(["Value", "AverageValue"]), dice.randint(900, 90000)),
        )
    high = low + dice.choice([0, 1, 5, 20, 60]) or 5
    autoscaler = Autoscaler(low, high, metrics, behavior(dice, longest) if dice.random() < 0.75 else None)
    replicas = dice.choice([low or 1, low or 1, dice.randint(0, high + 3)])
    return Model(name, autoscaler, workload(dice), replicas)


def metric(dice: random.Random) -> Metric:
    source: Source = dice.choice(["Resource", "Resource", "ContainerResource", "Pods", "Object", "External"])
    if source in ("Resource", "ContainerResource"):
        name = dice.choice(["cpu", "cpu", "memory"])
        container = dice.choice(CONTAINERS) if source == "ContainerResource" else ""
        if dice.random() < 0.6:
            return Metric(source, name, "Utilization", dice.randint(20, 150), container)
        amount = dice.randint(20, 900) if name == "cpu" else dice.randint(50, 900) * 1000 * 2**20
        return Metric(source, name, "AverageValue", amount, container)
    if source == "Pods":
        return Metric("Pods", "rate", "AverageValue", dice.randint(500, 40000))
    total: TargetKind = dice.choice(["Value", "AverageValue"])
    return Metric("Object" if source == "Object" else "External", "total", total, dice.randint(900, 90000))


def behavior(dice: random.Random, longest: int) -> Behavior:
    return Behavior(rules(dice, longest, (0, 0, 45, 120)), rules(dice, longest, (None, 0, 60, 300)))


def rules(dice: random.Random, longest: int, windows: tuple[int | None, ...]) -> Rules:
    policies = tuple(
        Policy("Pods", dice.randint(1, 8), dice.randint(15, longest))
        if dice.random() < 0.5
        else Policy("Percent", dice.choice([5, 10, 33, 50, 100, 200]), dice.randint(15, longest))
        for _ in range(dice.choice([1, 1, 2, 3]))
    )
    select: Select = dice.choice(["Max", "Max", "Min", "Min", "Disabled"]) if dice.random() < 0.6 else "Max"
    return Rules(policies, dice.choice(windows), select, dice.choice([None, 0.0, 0.05, 0.3]))


def workload(dice: random.Random) -> Workload:
    return Workload(
        request=dice.choice([50, 100, 500]),
        limit=dice.choice([600, 1000]),
        cost=dice.choice([1.0, 7.3, 40.0]),
        idle=dice.choice([0, 5, 30]),
        memory_request=dice.choice([256, 512]) * 2**20,
        memory=dice.choice([100, 300, 600]) * 2**20,
        startup=dice.choice([0, 12, 30, 95, 400]),
        lag=dice.choice([0, 15, 20, 60]),
        window=dice.choice([10, 15, 30]),
        queue=dice.random() < 0.3,
        container=dice.choice(CONTAINERS[:2]),
        sidecars=sidecars(dice),
        startup_cpu=dice.choice([None, None, 400]),
        memory_cost=dice.choice([0.0, 3.7 * 2**20]),
    )


def sidecars(dice: random.Random) -> tuple[Sidecar, ...]:
    proxy = Sidecar(name="istio-proxy", request=100, use=7, memory_request=128 * 2**20, memory=40 * 2**20)
    return (proxy,) if dice.random() < 0.5 else ()
