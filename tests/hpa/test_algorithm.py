"""The rules that random cases seldom or never meet, one by one; the numbers are those of Kubernetes' code."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from hpa.algorithm import Decision, sync
from hpa.replicas import Pod, Reading, Ready, Sample, Status, Target, Unavailable, proposal
from hpa.scaling import Change, Recommendation, State, limit, recorded
from hpa.spec import DEFAULT_DOWN, DEFAULT_UP, Autoscaler, Behavior, Controller, Metric, Policy, Rules

NOW = 10_000.0
EMPTY = State()
CPU = Metric("Resource", "cpu", "Utilization", 50)
TOTAL = Metric("External", "waiting", "AverageValue", 5000)
FREE = Behavior(Rules((Policy("Percent", 900, 15),), 0), Rules((Policy("Percent", 100, 15),), 0))


def pod(name: str, ready: Status = "True", age: float = 5000.0, ready_for: float = 4000.0) -> Pod:
    return Pod(name, "Running", Ready(ready, NOW - ready_for), NOW - age, requests={"main": {"cpu": 100}})


def samples(**values: int) -> dict[str, Sample]:
    return {name: Sample(value, NOW - 10, 15) for name, value in values.items()}


def by_cpu(pods: Sequence[Pod], reading: Reading, wanted: int | None = None, metric: Metric = CPU) -> int:
    target = Target(len(pods) if wanted is None else wanted, len(pods), pods)
    return proposal(metric, reading, target, Controller().tolerances(None), Controller(), NOW).replicas


def decide(autoscaler: Autoscaler, wanted: int, readings: Sequence[Reading], state: State = EMPTY) -> Decision:
    pods = [pod(f"p{index}") for index in range(wanted)]
    return sync(autoscaler, Controller(), state, Target(wanted, wanted, pods), readings, NOW)[0]


@pytest.mark.parametrize(("use", "replicas"), [(50, 2), (54, 2), (55, 2), (56, 3), (45, 2), (44, 2), (20, 1), (101, 5)])
def test_replicas_follow_the_ratio_of_use_to_target_rounded_up_beyond_the_tolerance(use: int, replicas: int) -> None:
    assert by_cpu([pod("a"), pod("b")], samples(a=use, b=use)) == replicas


def test_a_pod_without_metrics_counts_as_idle_when_scaling_up_and_as_full_when_scaling_down() -> None:
    pods = [pod("a"), pod("b"), pod("c")]
    assert by_cpu(pods, samples(a=100, b=100)) == 4
    assert by_cpu(pods, samples(a=10, b=10)) == 3
    assert by_cpu(pods, samples(a=10, b=10), metric=replace(CPU, amount=200)) == 2


def test_a_starting_pod_counts_as_idle_when_scaling_up_and_not_at_all_when_scaling_down() -> None:
    starting = pod("c", ready="False", age=20, ready_for=20)
    assert by_cpu([pod("a"), pod("b"), starting], samples(a=100, b=100, c=90)) == 4
    assert by_cpu([pod("a"), pod("b"), starting], samples(a=10, b=10, c=90)) == 1


def test_a_starting_pod_of_which_nothing_is_known_counts() -> None:
    unknown = pod("c", ready="Unknown", age=200, ready_for=100)
    assert by_cpu([pod("a"), pod("b"), unknown], samples(a=100, b=100, c=100)) == 6


def test_a_sample_from_before_the_pod_was_ready_is_not_used_while_it_initialises() -> None:
    fresh = pod("b", age=100, ready_for=20)
    assert by_cpu([pod("a"), fresh], samples(a=100, b=400)) == 2
    assert by_cpu([pod("a"), replace(fresh, started=NOW - 301)], samples(a=100, b=400)) == 10


def test_a_pod_that_was_ready_once_counts_even_if_it_is_not_now() -> None:
    flapping = pod("b", ready="False", age=4000, ready_for=60)
    assert by_cpu([pod("a"), flapping], samples(a=100, b=100)) == 4
    assert (
        by_cpu([pod("a"), replace(flapping, started=NOW - 89, ready=Ready("False", NOW - 60))], samples(a=100, b=100))
        == 2
    )


def test_utilization_needs_a_request_in_every_container() -> None:
    bare = replace(pod("b"), requests={"main": {"cpu": 100}, "side": {}})
    with pytest.raises(Unavailable, match="missing request for cpu in container side of pod b"):
        by_cpu([pod("a"), bare], samples(a=100, b=100))


def test_a_total_for_each_pod_does_not_look_at_the_pods_but_at_the_replicas_that_are_there() -> None:
    tolerances = Controller().tolerances(None)
    assert proposal(TOTAL, [21_000], Target(4, 4, []), tolerances, Controller(), NOW).replicas == 4
    assert proposal(TOTAL, [23_000], Target(4, 4, []), tolerances, Controller(), NOW).replicas == 5
    # Found by the harness: a Deployment whose status still has no replicas is outside of every tolerance.
    assert proposal(TOTAL, [5_527], Target(1, 0, []), tolerances, Controller(), NOW).replicas == 2


def test_an_external_total_below_zero_is_taken_for_an_overflow() -> None:
    autoscaler = Autoscaler(1, 7, (TOTAL,), FREE)
    assert decide(autoscaler, 2, [[-700, 900]]).desired == 7
    value = replace(TOTAL, target="Value")
    assert decide(Autoscaler(1, 7, (value,), FREE), 2, [[-700, 900]]).desired == 1


def test_a_ratio_too_large_for_a_replica_count_scales_down() -> None:
    value = Metric("Object", "total", "Value", 1)
    assert decide(Autoscaler(1, 50, (value,), FREE), 9, [[10**15]]).desired == 1


def test_the_largest_proposal_of_several_metrics_wins() -> None:
    autoscaler = Autoscaler(1, 50, (TOTAL, TOTAL), FREE)
    assert decide(autoscaler, 2, [[10_000], [42_000]]).desired == 9


def test_a_failed_metric_blocks_scaling_down_only() -> None:
    autoscaler = Autoscaler(1, 50, (TOTAL, TOTAL), FREE)
    assert decide(autoscaler, 4, [[1_000], None]) == Decision(4, None, "FailedGetMetrics")
    assert decide(autoscaler, 4, [[42_000], None]).desired == 9
    assert decide(autoscaler, 4, [None, None]) == Decision(4, None, "FailedGetMetrics")


def test_replicas_outside_of_the_bounds_are_brought_back_without_looking_at_the_metrics() -> None:
    assert decide(Autoscaler(2, 5, (TOTAL,)), 9, [None]) == Decision(5, None, "TooManyReplicas")
    assert decide(Autoscaler(2, 5, (TOTAL,)), 1, [None]) == Decision(2, None, "TooFewReplicas")


def test_zero_replicas_turn_the_autoscaler_off_unless_the_least_is_zero() -> None:
    assert decide(Autoscaler(1, 5, (TOTAL,)), 0, [[90_000]]) == Decision(0, None, "ScalingDisabled")
    assert decide(Autoscaler(0, 5, (TOTAL,)), 0, [[9_000]]).desired == 2


def test_a_policy_in_percent_alone_never_leaves_zero_replicas() -> None:
    assert decide(Autoscaler(0, 5, (TOTAL,), FREE), 0, [[9_000]]) == Decision(0, 2, "ScaleUpLimit")


def test_the_replicas_found_at_the_first_sync_are_a_recommendation() -> None:
    assert decide(Autoscaler(1, 9, (TOTAL,)), 4, [[1_000]]).reason == "ScaleDownStabilized"
    earlier = State((Recommendation(4, NOW - 300.5),))
    assert decide(Autoscaler(1, 9, (TOTAL,)), 4, [[1_000]], earlier).desired == 1


def test_the_replicas_found_are_forgotten_at_once_where_there_is_no_window() -> None:
    none = Behavior(Rules((Policy("Pods", 4, 15),), 0), Rules((Policy("Pods", 4, 15),), 0))
    pods = [pod("a")]
    autoscaler = Autoscaler(1, 9, (TOTAL,), none)
    _, state = sync(autoscaler, Controller(), EMPTY, Target(4, 4, pods), [[1_000]], NOW)
    assert state.recommendations == (Recommendation(1, NOW),)
    no_window = Controller(downscale_stabilization=0)
    assert sync(Autoscaler(1, 9, (TOTAL,)), no_window, EMPTY, Target(4, 4, pods), [[1_000]], NOW)[0].desired == 1


def test_without_behavior_replicas_at_most_double_or_reach_four() -> None:
    assert decide(Autoscaler(1, 90, (TOTAL,)), 1, [[400_000]]) == Decision(4, 80, "ScaleUpLimit")
    assert decide(Autoscaler(1, 90, (TOTAL,)), 6, [[400_000]]) == Decision(12, 80, "ScaleUpLimit")


def test_scaling_up_waits_for_the_lowest_and_down_for_the_highest_of_the_window() -> None:
    behavior = Behavior(replace(DEFAULT_UP, window=60), replace(DEFAULT_DOWN, window=60))
    autoscaler = Autoscaler(1, 90, (TOTAL,), behavior)
    state = State((Recommendation(3, NOW - 59), Recommendation(7, NOW - 30), Recommendation(1, NOW - 61)))
    assert limit(autoscaler, Controller(), state, 5, 9, NOW)[0].stable == 5
    assert limit(autoscaler, Controller(), state, 2, 9, NOW)[0].stable == 3
    assert limit(autoscaler, Controller(), state, 9, 1, NOW)[0].stable == 7


def test_a_policy_counts_from_the_replicas_at_the_start_of_its_period() -> None:
    rules = Rules((Policy("Pods", 3, 60),), 0)
    autoscaler = Autoscaler(1, 90, (TOTAL,), Behavior(rules, rules))
    state = State(ups=(Change(2, NOW - 59),), downs=(Change(1, NOW - 59),))
    assert limit(autoscaler, Controller(), state, 10, 50, NOW)[0].replicas == 12
    assert limit(autoscaler, Controller(), state, 10, 2, NOW)[0].replicas == 6


def test_of_several_policies_the_select_policy_takes_the_largest_or_the_smallest_change() -> None:
    policies = (Policy("Pods", 3, 60), Policy("Percent", 50, 60))
    for select, up, down in (("Max", 15, 5), ("Min", 13, 7), ("Disabled", 10, 10)):
        rules = Rules(policies, 0, select)  # type: ignore[arg-type]
        autoscaler = Autoscaler(1, 90, (TOTAL,), Behavior(rules, rules))
        assert limit(autoscaler, Controller(), State(), 10, 50, NOW)[0].replicas == up
        assert limit(autoscaler, Controller(), State(), 10, 1, NOW)[0].replicas == down


def test_a_policy_of_the_largest_number_of_pods_overflows_and_forbids_scaling_up() -> None:
    behavior = Behavior(Rules((Policy("Pods", 2**31 - 1, 15),), 0), DEFAULT_DOWN)
    assert decide(Autoscaler(1, 50, (TOTAL,), behavior), 2, [[90_000]]) == Decision(2, 18, "ScaleUpLimit")


def test_only_the_last_outdated_change_gives_its_place_to_a_new_one() -> None:
    behavior = Behavior(Rules((Policy("Pods", 9, 10),), 0), Rules((Policy("Pods", 1, 100),), 0))
    state = State(ups=(Change(1, NOW - 50), Change(2, NOW - 40)))
    after = recorded(state, behavior, 5, 8, NOW)
    assert after.ups == (Change(1, NOW - 50, outdated=True), Change(3, NOW))
    # The change that kept its place still counts in the other direction's longer period: 8 - 1 - 3 at its start.
    assert limit(Autoscaler(1, 90, (TOTAL,), behavior), Controller(), after, 8, 1, NOW + 1)[0].replicas == 3


def test_tolerances_of_the_behavior_count_only_with_their_feature_gate() -> None:
    behavior = Behavior(replace(DEFAULT_UP, tolerance=0.0), replace(DEFAULT_DOWN, tolerance=0.5))
    assert Controller().tolerances(behavior).holds(1.1)
    gated = Controller(configurable_tolerance=True).tolerances(behavior)
    assert not gated.holds(1.01)
    assert gated.holds(0.5)
