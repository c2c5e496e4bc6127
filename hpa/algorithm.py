"""One sync of the HorizontalPodAutoscaler controller, as a pure function.

The rules are those of `reconcileAutoscaler` and `computeReplicasForMetrics` in `horizontal.go` of k8s.io/kubernetes
v1.34.4, pkg/controller/podautoscaler. tests/hpa compares every decision with the real controller's.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from hpa.replicas import Proposal, Reading, Target, Unavailable, proposal
from hpa.scaling import Limited, Recommendation, State, limit, recorded
from hpa.scaling import Reason as Bound
from hpa.spec import Autoscaler, Controller

Reason = (
    Bound
    | Literal["FailedGetMetrics", "AmbiguousSelector", "FailedUpdateScale", "ScaleDownStabilized", "ScaleUpStabilized"]
)


@dataclass(frozen=True)
class Decision:
    """What one sync came to.

    `desired` is the replicas that are asked for afterwards; `proposed` is what the metrics asked for, None where they
    were not asked or gave nothing to act on; `reason` is what bound the result, or why there was none. `metrics` has
    what came of each metric, and `limited` what the windows and policies made of it.
    """

    desired: int
    proposed: int | None
    reason: Reason
    metrics: tuple[Proposal | Unavailable, ...] = field(default=(), compare=False)
    limited: Limited | None = field(default=None, compare=False)


def sync(
    autoscaler: Autoscaler,
    controller: Controller,
    state: State,
    target: Target,
    readings: Sequence[Reading],
    now: float,
) -> tuple[Decision, State]:
    """The decision at `now` (seconds), and what the controller remembers. `readings` are in the metrics' order."""
    current = target.wanted
    if not state.recommendations:
        # The replicas that it finds, written down before the metrics are asked for.
        earlier = math.nextafter(now, -math.inf)
        state = replace(state, recommendations=(Recommendation(current, earlier),))
    if current == 0 and autoscaler.min != 0:
        return Decision(0, None, "ScalingDisabled"), state
    if current > autoscaler.max:
        return _set(Decision(autoscaler.max, None, "TooManyReplicas"), state, autoscaler, current, now)
    if current < autoscaler.min:
        return _set(Decision(autoscaler.min, None, "TooFewReplicas"), state, autoscaler, current, now)
    if target.autoscalers > 1:
        return Decision(current, None, "AmbiguousSelector"), state
    metrics = proposals(autoscaler, controller, target, readings, now)
    proposed = combined(metrics, current)
    if proposed is None:
        return Decision(current, None, "FailedGetMetrics", metrics), state
    limited, state = limit(autoscaler, controller, state, current, max(0, proposed), now)
    decision = Decision(limited.replicas, proposed, limited.reason, metrics, limited)
    if limited.reason == "DesiredWithinRange" and limited.stable != max(0, proposed):
        decision = replace(decision, reason="ScaleUpStabilized" if proposed >= current else "ScaleDownStabilized")
    return _set(decision, state, autoscaler, current, now)


def proposals(
    autoscaler: Autoscaler, controller: Controller, target: Target, readings: Sequence[Reading], now: float
) -> tuple[Proposal | Unavailable, ...]:
    """What each metric asks for."""
    tolerances = controller.tolerances(autoscaler.behavior)
    found: list[Proposal | Unavailable] = []
    for metric, reading in zip(autoscaler.metrics, readings, strict=True):
        try:
            found.append(proposal(metric, reading, target, tolerances, controller, now))
        except Unavailable as error:
            found.append(error)
    return tuple(found)


def combined(metrics: Sequence[Proposal | Unavailable], current: int) -> int | None:
    """The most that any metric asks for; None if none can say, or one cannot and the others would scale down.

    Origin: `computeReplicasForMetrics`.
    """
    most, failed = 0, 0
    for entry in metrics:
        if isinstance(entry, Unavailable):
            failed += 1
        elif most == 0 or entry.replicas > most:
            most = entry.replicas
    if failed == len(metrics) or (failed and most < current):
        return None
    return most


def _set(decision: Decision, state: State, autoscaler: Autoscaler, current: int, now: float) -> tuple[Decision, State]:
    if decision.desired == current:
        return decision, state
    if decision.desired < 0:
        # The API server refuses it.
        return replace(decision, desired=current, reason="FailedUpdateScale"), state
    return decision, recorded(state, autoscaler.behavior, current, decision.desired, now)
