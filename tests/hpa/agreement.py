"""The simulator against what the real controller did."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from hpa.algorithm import Decision, sync
from hpa.replicas import Target
from hpa.scaling import Change, Recommendation, State
from hpa.spec import Autoscaler, Controller
from tests.hpa.harness import Live, Seen, windows

# The log's time of a decision is this close to the controller's clock when it decided.
CLOSE = 0.005
# How long the controller's caches take, at most, to follow what was changed.
FOLLOWED = 1.0
# A sync takes a few hundredths of a second; where it takes so long, the caches are behind as well.
SLOW = 0.5
# How far apart a sync and what it sees of another autoscaler must be.
APART = 0.1
STOPPED = ("FailedGetMetrics", "AmbiguousSelector", "FailedUpdateScale")


@dataclass(frozen=True)
class Compared:
    """One sync. `doubt` says why its result could not be told beforehand."""

    seen: Seen
    simulated: Decision
    doubt: str

    @property
    def agrees(self) -> bool:
        desired = None if self.simulated.reason in STOPPED else self.simulated.desired
        return (desired, self.simulated.proposed) == (self.seen.desired, self.seen.proposed)


def compare(live: Live, controller: Controller, close: float = CLOSE) -> list[Compared]:
    """Every sync of a case, simulated with what the controller saw; its memory is the simulator's own."""
    compared, state = [], State()
    for seen in live.seen:
        if not state.recommendations:
            state = replace(state, recommendations=(Recommendation(seen.wanted, live.first),))
        autoscaler, unsure = _autoscaler(live, seen)
        autoscalers, contested = _autoscalers(live, seen)
        doubt = unsure or contested or _doubt(state, live, autoscaler, seen, controller, close)
        target = Target(seen.wanted, seen.present, seen.pods, autoscalers)
        readings = seen.readings or [None] * len(autoscaler.metrics)
        decision, state = sync(autoscaler, controller, state, target, readings, seen.time)
        state = _stored(state, seen)
        compared.append(Compared(seen, decision, doubt))
    return compared


def _autoscaler(live: Live, seen: Seen) -> tuple[Autoscaler, str]:
    """As the sync found it, and why that may be wrong."""
    found, doubt = live.edits[0].autoscaler, ""
    for edit in live.edits:
        if seen.began >= edit.begun:
            found = edit.autoscaler
            doubt = "" if seen.began > edit.done + FOLLOWED else "the autoscaler was edited while the sync began"
    return found, doubt


def _autoscalers(live: Live, seen: Seen) -> tuple[int, str]:
    """How many selected the pods, and why that may be wrong."""
    if not seen.pods:
        return 1, ""
    for rival in live.rivals:
        if rival.synced + APART < seen.began < rival.ending:
            late = seen.began < seen.settled + SLOW
            return 2, "the pods changed while a sync began that shares them" if late else ""
        if rival.synced - APART < seen.began < rival.ended + FOLLOWED:
            return 1, "another autoscaler came or went while the sync began"
    return 1, ""


def _stored(state: State, seen: Seen) -> State:
    """The controller writes down a change after it made it."""

    def later(changes: Sequence[Change]) -> tuple[Change, ...]:
        return tuple(replace(change, time=seen.stored) if change.time == seen.time else change for change in changes)

    return replace(state, ups=later(state.ups), downs=later(state.downs))


def _doubt(state: State, live: Live, autoscaler: Autoscaler, seen: Seen, controller: Controller, close: float) -> str:
    if live.late:
        return live.late
    if max(seen.asked - seen.began, seen.stored - seen.time) > SLOW:
        return "the machine was too slow for its caches to follow"
    asked = seen.proposed is not None or seen.answered != seen.time
    if asked and live.asked_for and not seen.readings:
        return "a request for metrics did not reach their server"
    if seen.proposed is not None:
        for moment in {entry.time for kind in (state.recommendations, state.ups, state.downs) for entry in kind}:
            for duration in windows(autoscaler, controller):
                if moment + duration - close < seen.time < moment + duration + close:
                    return f"a window of {duration:g} s ended {moment + duration - seen.time:+.4f} s from the decision"
    for pod in seen.pods if seen.readings else ():
        end = (pod.started or 0.0) + controller.cpu_initialization
        if seen.answered - CLOSE < end < seen.time + CLOSE:
            return f"pod {pod.name} was initialised during the sync"
    behavior = autoscaler.behavior
    if behavior and seen.desired not in (None, seen.wanted):
        for changes, rules in ((state.ups, behavior.up), (state.downs, behavior.down)):
            ends = [change.time + rules.longest_period for change in changes]
            if any(seen.time - close < end < seen.stored + close for end in ends):
                return "a change became outdated while the next was made"
    return ""
