"""Scaling by load: from a sudden load to one pod more that is ready.

Eight clients begin at once to ask the model without a pause, from within its pod, until the pod that the autoscaler
asked for is ready; then it is waited for until only the least number of pods is left. Three moments are taken, each in
seconds since the load began: the HorizontalPodAutoscaler wishes more pods; the new pod is there; it is ready.

Beside the wish stands the longest that Kubernetes lets it take when nothing is late: metrics-server reads a pod's use
every 15 s, of which it needs two readings, and the controller looks every 15 s. The model must be a Standard one that
scales on what the load changes, such as `cpu`.
"""

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from components.errors import SlipwayError
from tools.bench.frame.row import Row
from tools.bench.frame.run import Run
from tools.bench.frame.served import Model
from tools.engine.stack import Stack

NEEDS_STACK = True
# It loads a running stack's model for minutes.
ONLY_BY_NAME = True

_CLIENTS = 8
_SECONDS = 120.0
# Scaling down waits for the autoscaler's own window first.
_DOWN = 900.0
# Two readings of metrics-server and one look of the controller.
_BOUND = 15.0 + 15.0 + 15.0
_STEPS = ("the autoscaler wishes more pods", "the new pod is there", "the new pod is ready")


def rows(run: Run) -> Iterator[Row]:
    model = Model.first_of(Stack(run.needed_stack()))
    found: dict[str, list[float]] = {step: [] for step in _STEPS}
    for number in range(run.repeats):
        run.say(f"round {number + 1} of {run.repeats}: waits for the least number of pods")
        _until(lambda: _resting(model), _DOWN)
        run.say("the load begins")
        for step, seconds in zip(_STEPS, _scaled(model), strict=True):
            found[step].append(seconds)
    for step, values in found.items():
        yield Row(what=f"from the load to: {step}", way="Slipway", values=values)
        if step == _STEPS[0]:
            yield Row(what=f"from the load to: {step}", way="Kubernetes' longest", values=[_BOUND] * len(values))


def _scaled(model: Model) -> tuple[float, float, float]:
    """Seconds from the load's begin to each step. Raises SlipwayError for one that does not come."""
    before = {each["metadata"]["uid"] for each in model.pods()}

    def new() -> list[dict[str, Any]]:
        return [each for each in model.pods() if each["metadata"]["uid"] not in before]

    with ThreadPoolExecutor(1) as pool:
        began = time.monotonic()
        load = pool.submit(model.asked, model.server(), _CLIENTS, _SECONDS)
        wished = _until(lambda: _autoscaler(model)["status"]["desiredReplicas"] > len(before), _SECONDS) - began
        there = _until(lambda: bool(new()), _SECONDS) - began
        ready = _until(lambda: any(map(_ready, new())), _SECONDS) - began
        load.result()
    return wished, there, ready


def _ready(pod: dict[str, Any]) -> bool:
    return any(each["type"] == "Ready" and each["status"] == "True" for each in pod["status"].get("conditions", ()))


def _autoscaler(model: Model) -> dict[str, Any]:
    return dict(json.loads(model.kubectl("get", f"hpa/{model.found.name}-hpa", "--output=json")))


def _resting(model: Model) -> bool:
    hpa, pods = _autoscaler(model), model.pods()
    least = hpa["spec"].get("minReplicas", 1)
    return bool(hpa["status"].get("currentReplicas") == least == len(pods) and all(map(_ready, pods)))


def _until(happened: Callable[[], bool], within: float) -> float:
    """When it happened. Raises SlipwayError."""
    end = time.monotonic() + within
    while not happened():
        if time.monotonic() > end:
            raise SlipwayError(f"the model did not scale within {within:.0f} s", remedy="kubectl describe hpa says why")
        time.sleep(0.5)
    return time.monotonic()
