"""Sequences of syncs at the limits, with edits by hand, changed windows and rivals, decide as the controller does.

`sequences.jsonl` has random inputs and what `reconcileAutoscaler` of k8s.io/kubernetes v1.34.4 came to, one sequence a
line. Times are ages in seconds, and seconds since the sync before; readings are in thousandths; pods and specs that
stay are written as `same`.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from hpa import manifest
from hpa.algorithm import sync
from hpa.replicas import Pod, Reading, Ready, Sample, Target
from hpa.scaling import State
from hpa.spec import Controller

Json = Mapping[str, Any]
SEQUENCES: Sequence[Json] = [json.loads(line) for line in Path(__file__).with_name("sequences.jsonl").open()]


def whole(record: Json) -> Mapping[str, int] | None:
    own: Mapping[str, int] | None = record.get("pod")
    if own is None:
        return None
    containers = record["requests"].values()
    names = {name for part in containers for name in part}
    return {name: sum(part.get(name, 0) for part in containers) for name in names} | dict(own)


def pod(record: Json, now: float) -> Pod:
    ready, started = record.get("ready"), record.get("started")
    return Pod(
        record["name"],
        record["phase"],
        Ready(ready[0], now - ready[1]) if ready else None,
        None if started is None else now - started,
        record.get("deleting", False),
        record["requests"],
        whole(record),
    )


def reading(record: Any, now: float) -> Reading:
    if isinstance(record, Mapping):
        return {name: Sample(value, now - age, window) for name, (value, age, window) in record.items()}
    return record or None


@pytest.mark.parametrize("sequence", SEQUENCES, ids=range(len(SEQUENCES)))
def test_a_sequence_of_syncs_decides_as_the_real_controller(sequence: Json) -> None:
    flags = sequence["controller"]
    controller = Controller(
        tolerance=flags["tolerance"],
        downscale_stabilization=flags["downscale"],
        cpu_initialization=flags["cpu"],
        initial_readiness=flags["readiness"],
        configurable_tolerance=flags["configurable"],
    )
    state, now, before = State(), 1e6, sequence["syncs"][0]
    for place, record in enumerate(sequence["syncs"]):
        kept = {key: before[key] for key in ("pods", "spec") if record[key] == "same"}
        before = {**record, **kept}
        now += before["elapsed"]
        pods = [pod(entry, now) for entry in before["pods"]]
        target = Target(before["current"], before["present"], pods, before["autoscalers"] if pods else 1)
        autoscaler = manifest.from_spec(before["spec"], "spec")
        readings = [reading(entry, now) for entry in before["readings"]]
        decision, state = sync(autoscaler, controller, state, target, readings, now)
        assert {"desired": decision.desired, "proposed": decision.proposed} == before["result"], place
