"""What is suggested does as it says, and nothing in a grid is cheaper."""

import random
from dataclasses import replace

import pytest

from hpa import fleet, load, simulation
from hpa.problem import HpaError
from hpa.simulation import Model
from hpa.spec import DEFAULT_DOWN, DEFAULT_UP, Autoscaler, Behavior, Controller, Metric, Rules
from hpa.suggestion import suggest
from hpa.workload import Workload
from tests.hpa import random_models

CONTAINER = Metric("ContainerResource", "cpu", "Utilization", 60, "kserve-container")
SHORT = Behavior(DEFAULT_UP, Rules(DEFAULT_DOWN.policies, 60))


def set_to(model: Model, low: int, high: int, target: int) -> Model:
    metrics = (replace(model.autoscaler.metrics[0], amount=target), *model.autoscaler.metrics[1:])
    return replace(model, autoscaler=replace(model.autoscaler, min=low, max=high, metrics=metrics), replicas=low)


def example(behavior: Behavior | None = None) -> Model:
    return Model("wine", Autoscaler(2, 10, (CONTAINER,), behavior), Workload(container=CONTAINER.container), 2)


@pytest.mark.parametrize("name", load.SHAPES)
@pytest.mark.parametrize("behavior", [None, SHORT], ids=["default", "short"])
def test_no_setting_of_a_grid_is_cheaper(name: str, behavior: Behavior | None) -> None:
    model, wave = example(behavior), load.shape(name, 30, 600, 3600, 15)
    found = suggest(model, wave, Controller(), 99.0, replicas=None)
    grid = [
        set_to(model, low, high, target)
        for low in range(1, 8)
        for high in range(low, 10)
        for target in (20, 40, 60, 80, 100, 200, 400, 600, 800)
    ]
    history = fleet.simulate(grid, wave, Controller())
    enough = history.pod_hours[history.service_level >= 99.0]
    assert found.pod_hours <= enough.min() * 1.005


@pytest.mark.parametrize("seed", range(6))
def test_it_serves_alone_what_it_says(seed: int) -> None:
    dice = random.Random(seed)
    model = random_models.model(dice)
    wave = load.shape("sine", 10, 200, 1800, 15)
    found = suggest(model, wave, Controller(), 90.0, replicas=None)
    rows = simulation.simulate(set_to(model, found.min, found.max, found.target), wave, Controller())
    served = 100 * sum(row.served for row in rows) / sum(row.load for row in rows)
    assert served == pytest.approx(found.level)
    assert rows[-1].pod_hours == pytest.approx(found.pod_hours)
    assert found.level >= 90


def test_what_cannot_be_served_from_so_few_replicas_is_said() -> None:
    with pytest.raises(HpaError, match=r"--suggest 100: at most \d+\.\d+ % is served"):
        suggest(example(), load.shape("step", 300, 600, 1800, 15), Controller(), 100.0, replicas=0)
