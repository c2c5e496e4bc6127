"""One model under a load: what its pods do, and when the controller acts on it."""

import itertools
from collections.abc import Sequence

import numpy as np
import pytest

from hpa import simulation
from hpa.explanation import Explained
from hpa.incidents import NONE, Incidents
from hpa.load import Load, shape
from hpa.problem import HpaError
from hpa.simulation import Model, Row
from hpa.spec import DEFAULT_DOWN, DEFAULT_UP, Autoscaler, Behavior, Controller, Metric
from hpa.workload import Sidecar, Workload

CPU = Metric("Resource", "cpu", "Utilization", 60)
MEMORY = Metric("Resource", "memory", "Utilization", 60)
MI = 2**20


def of(container: str) -> Metric:
    return Metric("ContainerResource", "cpu", "Utilization", 60, container)


def run(
    metric: Metric,
    load: Load,
    work: Workload | None = None,
    incidents: Incidents = NONE,
    replicas: int = 2,
    behavior: Behavior | None = None,
) -> Sequence[Row]:
    model = Model("wine", Autoscaler(2, 20, (metric,), behavior), work or Workload(), replicas, incidents)
    return simulation.simulate(model, load, Controller())


def steady(level: float, minutes: int) -> Load:
    return np.full(minutes * 4, level)


@pytest.mark.parametrize("name", ["kserve-container", "model", "main", "a"])
def test_a_container_is_measured_by_whatever_name_it_has(name: str) -> None:
    sine = shape("sine", 20, 200, 3600, 15)
    named = run(of(name), sine, Workload(container=name))
    assert max(row.replicas for row in named) > 10
    assert [row.replicas for row in named] == [row.replicas for row in run(CPU, sine)]


def test_a_container_that_is_not_there_never_has_a_value() -> None:
    rows = run(of("gone"), shape("sine", 20, 200, 3600, 15))
    assert {row.reason for row in rows} == {"FailedGetMetrics"}


def test_a_sidecar_counts_for_the_pod_and_not_for_the_other_container() -> None:
    proxy = Sidecar(name="istio-proxy", request=100, use=5)
    busy = shape("sine", 20, 200, 3600, 15)
    work = Workload(container="model", sidecars=(proxy,))
    assert max(row.replicas for row in run(CPU, busy, work)) < max(row.replicas for row in run(of("model"), busy, work))
    assert {row.replicas for row in run(of("istio-proxy"), busy, work)} == {2}


@pytest.mark.parametrize("behavior", [None, Behavior(DEFAULT_UP, DEFAULT_DOWN)])
def test_what_was_proposed_exactly_a_window_ago_holds_nothing_any_more(behavior: Behavior | None) -> None:
    rows = run(CPU, steady(0, 10), replicas=9, behavior=behavior)
    assert [row.time for row, after in itertools.pairwise(rows) if after.replicas < row.replicas] == [285]


def test_a_rollout_has_more_pods_for_a_while_and_none_of_the_old_in_the_end() -> None:
    rows = run(CPU, steady(40, 20), Workload(startup=45), Incidents(rollouts=(300.0,)), replicas=8)
    ready = [row.ready for row in rows if 300 <= row.time < 400]
    assert min(ready) == 6
    hours = [after.pod_hours - row.pod_hours for row, after in itertools.pairwise(rows) if 300 <= row.time < 360]
    assert max(hours) * 240 == pytest.approx(10)
    assert rows[-1].ready == rows[-1].replicas


def test_pods_that_crash_stop_serving_until_they_have_started_again() -> None:
    rows = run(CPU, steady(10, 10), Workload(startup=60), Incidents(crashes=((120.0, 1),)))
    assert [row.time for row in rows if row.ready == 1] == [120, 135, 150, 165]


def test_pods_that_never_get_ready_add_nothing_and_are_counted_as_idle() -> None:
    rows = run(CPU, shape("step", 5, 30, 3600, 15), incidents=Incidents(broken=0.0))
    assert {row.ready for row in rows} == {2}
    assert max(row.replicas for row in rows) == 6
    assert "not ready as idle" in Explained(rows[150], Autoscaler(2, 20, (CPU,)), Controller()).sentence()


def test_without_metrics_nothing_moves() -> None:
    rows = run(CPU, shape("ramp", 20, 200, 3600, 15), incidents=Incidents(silences=((600.0, 1200.0),)))
    silent = [row for row in rows if 600 <= row.time < 1200]
    assert {row.reason for row in silent} == {"FailedGetMetrics"}
    assert len({row.replicas for row in silent}) == 1
    assert rows[-1].replicas > silent[-1].replicas


def test_memory_that_is_kept_scales_on_after_the_load_was_shared_and_never_down_again() -> None:
    work = Workload(memory=100 * MI, memory_request=512 * MI, memory_cost=8 * MI)
    spike = shape("spike", 0, 150, 7200, 15)
    falls, kept = run(MEMORY, spike, work), run(MEMORY, spike, Workload(**{**vars(work), "memory_kept": True}))
    assert max(row.replicas for row in falls) == 5
    assert max(row.replicas for row in kept) == 14
    assert (falls[-1].replicas, kept[-1].replicas) == (2, 14)


def test_cpu_that_a_start_burns_does_not_count_until_the_pod_is_ready_but_does_after_its_initialisation() -> None:
    step = shape("step", 5, 30, 3600, 15)
    calm, busy = run(CPU, step), run(CPU, step, Workload(startup_cpu=900))
    assert [row.replicas for row in calm] == [row.replicas for row in busy]
    slow = run(CPU, step, Workload(startup=420, startup_cpu=900))
    assert max(row.replicas for row in slow) > max(row.replicas for row in calm)


def test_foreign_pods_under_the_selector_are_scaled_for_as_if_they_were_its_own() -> None:
    calm = steady(5, 20)
    assert run(CPU, calm)[-1].replicas == 2
    busy = run(CPU, calm, incidents=Incidents(foreign=3, foreign_cpu=200))
    # All of the cpu, 3 x 200 + 12 x 5 + 50 for the load, in pods of 60 each.
    assert busy[-1].replicas == 12


def test_two_autoscalers_of_one_target_are_both_stopped() -> None:
    model = Model("wine", Autoscaler(2, 20, (CPU,)), Workload(), 2, autoscalers=2)
    rows = simulation.simulate(model, shape("step", 20, 200, 3600, 15), Controller())
    assert {(row.replicas, row.reason) for row in rows} == {(2, "AmbiguousSelector")}


def test_more_pods_than_can_be_simulated_are_refused() -> None:
    work = Workload(cost=1000, limit=1000)
    model = Model("wine", Autoscaler(1, 10**6, (CPU,)), work, 1)
    with pytest.raises(HpaError, match=r"wine: \d+ pods are more than the 5000 that can be simulated"):
        simulation.simulate(model, shape("ramp", 0, 1e6, 7200, 15), Controller())


def test_what_is_served_leaves_no_dust_of_unmet_load() -> None:
    rows = run(CPU, shape("sine", 20, 200, 3600, 15), replicas=20)
    assert {row.unmet for row in rows} == {0.0}
