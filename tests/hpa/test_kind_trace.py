"""What an autoscaler did on a real cluster: kind with Kubernetes 1.34.4 and metrics-server.

A Deployment, whose requests cost 10 ms of cpu each, was given 4, 35 and 2 of them a second (`kind_load.csv`) by another
pod, under the autoscaler of `kind_hpa.yaml`. Replicas, pods and metrics were read from the API every second;
`kind_trace.jsonl` has what was there at each sync of the controller, with the replicas after it. Times are seconds.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from hpa import load, manifest, simulation
from hpa.algorithm import sync
from hpa.replicas import Pod, Ready, Sample, Target
from hpa.scaling import State
from hpa.simulation import Model
from hpa.spec import Controller
from hpa.workload import Workload

HERE = Path(__file__).parent
TRACE: Sequence[Mapping[str, Any]] = [json.loads(line) for line in (HERE / "kind_trace.jsonl").open()]
AUTOSCALER = manifest.autoscaler(yaml.safe_load((HERE / "kind_hpa.yaml").read_text()), "kind_hpa.yaml")


def pod(record: Mapping[str, Any]) -> Pod:
    ready = Ready(*record["ready"]) if "ready" in record else None
    requests = {"worker": {"cpu": 100}}
    return Pod(record["name"], record["phase"], ready, record.get("started"), record.get("deleting", False), requests)


def test_with_the_cpu_that_was_measured_every_decision_is_the_clusters() -> None:
    state, decided = State(), []
    for record in TRACE:
        target = Target(record["current"], record["present"], [pod(entry) for entry in record["pods"]])
        samples = {name: Sample(*sample) for name, sample in record["readings"].items()}
        decision, state = sync(AUTOSCALER, Controller(), state, target, [samples], record["time"])
        decided.append(decision.desired)
    assert decided == [record["desired"] for record in TRACE]
    assert sorted(set(decided)) == [1, 3, 5, 6]


def test_with_the_load_alone_the_forecast_scales_up_within_a_sync_of_the_cluster() -> None:
    wave = load.trace(HERE / "kind_load.csv", 15)
    model = Model("worker", AUTOSCALER, Workload(container="worker", cost=10, idle=1, limit=2000, startup=5), 1)
    rows = simulation.simulate(model, wave, Controller())
    real = next(record["time"] for record in TRACE if record["desired"] > 1)
    forecast = next(row.time for row in rows if row.replicas > 1)
    assert abs(forecast - real) <= 15
    assert abs(max(row.replicas for row in rows) - 6) <= 1
