"""The simulator decides as the controller's own unit tests want it.

`upstream.jsonl` has what the tests of pkg/controller/podautoscaler in k8s.io/kubernetes v1.34.4 gave to the functions
of the controller, and what came back: one call a line, in numbers. Times are ages in seconds, amounts are thousandths.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

import pytest

from hpa import replicas, scaling
from hpa.algorithm import sync
from hpa.manifest import AMOUNTS
from hpa.replicas import Pod, Reading, Ready, Sample, Target, Unavailable
from hpa.scaling import Change, Recommendation, State
from hpa.spec import (
    DEFAULT_DOWN,
    DEFAULT_UP,
    Autoscaler,
    Behavior,
    Controller,
    Metric,
    Policy,
    Rules,
    Source,
    Tolerances,
)

Json = Mapping[str, Any]
NOW = 1e6
RECORDS: Sequence[Json] = [json.loads(line) for line in Path(__file__).with_name("upstream.jsonl").open()]

# What the simulator has no words for, and why.
NOT_EXPRESSIBLE = {
    "TestConditionInvalidSelectorMissing": "a target without a selector: the simulated one always has its own",
    "TestConditionInvalidSelectorUnparsable": "the same, with one that is none",
    "TestConditionFailedGetScale": "a target whose scale cannot be read",
    "TestConditionFailedUpdateScale": "an API server that refuses what is right",
    "TestBuildQuantity": "how the status writes a number",
}


def pod(record: Json) -> Pod:
    ready, started = record.get("ready"), record.get("started")
    return Pod(
        record["name"],
        record["phase"],
        Ready(ready[0], NOW - ready[1]) if ready else None,
        None if started is None else NOW - started,
        record.get("deleting", False),
        dict(record["requests"]),
        record.get("whole"),
    )


def reading(record: Any) -> Reading:
    if isinstance(record, Mapping):
        return {name: Sample(value, NOW - age, window) for name, (value, age, window) in record.items()}
    return record or None


def rules(record: Json | None, default: Rules) -> Rules:
    if record is None:
        return default
    policies = tuple(Policy(*entry) for entry in record["policies"])
    return Rules(policies, record.get("window"), record.get("select", "Max"), record.get("tolerance"))


def behavior(record: Json | None) -> Behavior | None:
    if record is None:
        return None
    return Behavior(rules(record.get("up"), DEFAULT_UP), rules(record.get("down"), DEFAULT_DOWN))


def changes(records: Sequence[Any]) -> tuple[Change, ...]:
    return tuple(Change(count, NOW - age, outdated) for count, age, outdated in records)


def state(record: Json) -> State:
    # Where a test says that there are none, not even the first is written down: one that is long over is the same.
    written: Sequence[Any] = [(0, NOW)] if record["recommendations"] is None else record["recommendations"]
    recommendations = tuple(Recommendation(count, NOW - age) for count, age in written)
    return State(recommendations, changes(record["ups"]), changes(record["downs"]))


def kept(found: State) -> tuple[list[int], list[tuple[int, bool]], list[tuple[int, bool]]]:
    """What is remembered, without the times, which are those of the tests' run."""
    return (
        [entry.replicas for entry in found.recommendations],
        [(entry.replicas, entry.outdated) for entry in found.ups],
        [(entry.replicas, entry.outdated) for entry in found.downs],
    )


def metric(record: Json) -> Metric:
    if record["source"] == "Object":
        given = [key for key in AMOUNTS if key in record and AMOUNTS[key] == record["type"]]
    else:
        given = [key for key in ("averageValue", "value", "averageUtilization") if key in record]
    if not given:
        # Of a type that is none, or without a target.
        return Metric("Object", record.get("name", ""), "Unusable", 0)
    kind: Any = AMOUNTS[given[0]]
    return Metric(record["source"], record["name"], kind, record[given[0]], record.get("container", ""))


def a_sync(record: Json) -> None:
    flags = record["controller"]
    controller = Controller(
        tolerance=flags["tolerance"],
        downscale_stabilization=flags["downscale"],
        cpu_initialization=flags["cpu"],
        initial_readiness=flags["readiness"],
        configurable_tolerance=flags.get("configurable", False),
    )
    found = behavior(record.get("behavior"))
    autoscaler = Autoscaler(record.get("min", 1), record["max"], tuple(map(metric, record["metrics"])), found)
    pods = [pod(entry) for entry in record.get("pods", [])]
    target = Target(record["current"], record["present"], pods, record.get("autoscalers", 1))
    readings = [reading(entry) for entry in record["readings"]]
    decision, after = sync(autoscaler, controller, state(record["state"]), target, readings, NOW)
    result = record["result"]
    assert decision.desired == result.get("desired", record["current"])
    assert decision.proposed == result.get("proposed")
    if record["state"]["recommendations"] is not None or decision.proposed is not None:
        assert kept(after) == kept(state(result["state"]))


def a_calculation(record: Json) -> None:
    controller = Controller(cpu_initialization=record["cpu"], initial_readiness=record["readiness"])
    asked = Metric(record["source"], record["name"], record["target"], record["amount"], record.get("container", ""))
    target = Target(record["current"], record["current"], [pod(entry) for entry in record["pods"]])
    arguments = (asked, reading(record["reading"]), target, Tolerances(*record["tolerances"]), controller, NOW)
    if record.get("failed"):
        with pytest.raises(Unavailable):
            replicas.proposal(*arguments)
    else:
        assert replicas.proposal(*arguments).replicas == record["result"]["replicas"]


def requests(record: Json) -> None:
    container = record.get("container", "")
    source: Source = "ContainerResource" if container else "Resource"
    asked = Metric(source, record["name"], "Utilization", 50, container)
    pods = [pod(entry) for entry in record["pods"]]
    if record.get("failed"):
        with pytest.raises(Unavailable):
            [replicas.requested(entry, asked) for entry in pods]
    else:
        assert {entry.name: replicas.requested(entry, asked) for entry in pods} == record["result"]["requests"]


def groups(record: Json) -> None:
    controller = Controller(cpu_initialization=record["cpu"], initial_readiness=record["readiness"])
    samples = reading(record["reading"])
    assert isinstance(samples, Mapping)
    found = replicas.group([pod(entry) for entry in record["pods"]], samples, record.get("name", ""), controller, NOW)
    result = record["result"]
    assert found.counted == result["counted"]
    for part in ("unready", "missing", "ignored"):
        assert getattr(found, part) == frozenset(result[part]), part


def a_ratio(record: Json) -> None:
    values = record["values"]
    if record.get("failed"):
        with pytest.raises(Unavailable):
            replicas.utilization(values, record["requests"])
        return
    use = replicas.utilization(values, record["requests"]) if "requests" in record else replicas.average(values)
    assert use == record["result"]["value"]
    assert use / record["amount"] == record["result"]["ratio"]


def fixed(record: Json) -> None:
    autoscaler = Autoscaler(record["min"], record["max"], ())
    found = scaling.within_fixed_limits(autoscaler, record["current"], record["desired"])
    assert found[:2] == (record["result"]["replicas"], record["result"]["reason"])


def policies(record: Json) -> None:
    both = Behavior(rules(record.get("up"), DEFAULT_UP), rules(record.get("down"), DEFAULT_DOWN))
    autoscaler = Autoscaler(record["min"], record["max"], (), both)
    found = scaling.within_policies(autoscaler, both, state(record["state"]), record["current"], record["desired"], NOW)
    assert found[:2] == (record["result"]["replicas"], record["result"]["reason"])


def fastest(record: Json) -> None:
    before = State(ups=changes(record["ups"]), downs=changes(record["downs"]))
    limit = scaling.fastest_up if record["direction"] == "up" else scaling.fastest_down
    assert limit(rules(record["rules"], DEFAULT_UP), before, record["current"], NOW) == record["result"]["replicas"]


def recorded(record: Json) -> None:
    both = Behavior(rules(record.get("up"), DEFAULT_UP), rules(record.get("down"), DEFAULT_DOWN))
    after = scaling.recorded(state(record["state"]), both, record["before"], record["after"], NOW)
    assert kept(after) == kept(state(record["result"]["state"]))


def stabilized(record: Json) -> None:
    before = state(record["state"]).recommendations
    if "current" in record:
        both = Behavior(rules(record.get("up"), DEFAULT_UP), rules(record.get("down"), DEFAULT_DOWN))
        found, after = scaling.stabilized(before, both, Controller(), record["current"], record["proposed"], NOW)
    else:
        found, after = scaling.stabilized_by_flag(before, record["downscale"], record["proposed"], NOW)
    assert found == record["result"]["replicas"]
    assert kept(State(after))[0] == kept(state(record["result"]["state"]))[0]


KINDS: Mapping[str, Callable[[Json], None]] = {
    "sync": a_sync,
    "calculation": a_calculation,
    "requests": requests,
    "groups": groups,
    "ratio": a_ratio,
    "fixed": fixed,
    "policies": policies,
    "fastest": fastest,
    "recorded": recorded,
    "stabilized": stabilized,
}
EXPRESSIBLE = [record for record in RECORDS if record["test"] not in NOT_EXPRESSIBLE]


@pytest.mark.parametrize(
    "record", EXPRESSIBLE, ids=[f"{place}-{record['test']}" for place, record in enumerate(EXPRESSIBLE)]
)
def test_the_controllers_own_tests_come_to_the_same(record: Json, monkeypatch: pytest.MonkeyPatch) -> None:
    # Upstream's tests let the replicas grow eightfold, not twofold, where there is no behavior.
    monkeypatch.setattr(scaling, "GROWTH", 8.0)
    KINDS[record["kind"]](record)


def test_nothing_is_left_out_that_is_not_said() -> None:
    assert len(EXPRESSIBLE) >= 260
    assert {record["source"] for record in RECORDS if record["kind"] == "calculation"} == set(get_args(Source))
