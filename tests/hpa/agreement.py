"""The simulator against what the real controller did."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from hpa.algorithm import Decision, sync
from hpa.replicas import Target
from hpa.scaling import Change, Recommendation, State
from hpa.spec import Controller
from tests.hpa.harness import Live, Seen, windows

# The log's time of a decision is this close to the controller's clock when it decided.
CLOSE = 0.005


@dataclass(frozen=True)
class Compared:
    """One sync. `doubt` says why its result could not be told beforehand."""

    seen: Seen
    simulated: Decision
    doubt: str

    @property
    def agrees(self) -> bool:
        failed = self.simulated.reason == "FailedGetMetrics"
        desired = None if failed else self.simulated.desired
        return (desired, self.simulated.proposed) == (self.seen.desired, self.seen.proposed)


def compare(live: Live, controller: Controller) -> list[Compared]:
    """Every sync of a case, simulated with what the controller saw; its memory is the simulator's own."""
    compared, state = [], State()
    durations = windows(live.autoscaler, controller)
    for seen in live.seen:
        if not state.recommendations:
            state = replace(state, recommendations=(Recommendation(seen.wanted, live.first),))
        doubt = _doubt(state, live, seen, controller, durations)
        target = Target(seen.wanted, seen.present, seen.pods)
        readings = [*seen.readings, *[None] * (len(live.autoscaler.metrics) - len(seen.readings))]
        decision, state = sync(live.autoscaler, controller, state, target, readings, seen.time)
        state = _stored(state, seen)
        compared.append(Compared(seen, decision, doubt))
    return compared


def _stored(state: State, seen: Seen) -> State:
    """The controller writes down a change after it made it."""

    def later(changes: Sequence[Change]) -> tuple[Change, ...]:
        return tuple(replace(change, time=seen.stored) if change.time == seen.time else change for change in changes)

    return replace(state, ups=later(state.ups), downs=later(state.downs))


def _doubt(state: State, live: Live, seen: Seen, controller: Controller, durations: set[float]) -> str:
    if live.late:
        return live.late
    if seen.readings and len(seen.readings) < len(live.autoscaler.metrics):
        return "a request for metrics did not reach their server"
    if seen.proposed is not None:
        for moment in {entry.time for kind in (state.recommendations, state.ups, state.downs) for entry in kind}:
            for duration in durations:
                if moment + duration - CLOSE < seen.time < moment + duration + CLOSE:
                    return f"a window of {duration:g} s ended {moment + duration - seen.time:+.4f} s from the decision"
    for pod in seen.pods if seen.readings else ():
        end = (pod.started or 0.0) + controller.cpu_initialization
        if seen.answered - CLOSE < end < seen.time + CLOSE:
            return f"pod {pod.name} was initialised during the sync"
    behavior = live.autoscaler.behavior
    if behavior and seen.desired not in (None, seen.wanted):
        for changes, rules in ((state.ups, behavior.up), (state.downs, behavior.down)):
            ends = [change.time + rules.longest_period for change in changes]
            if any(seen.time - CLOSE < end < seen.stored + CLOSE for end in ends):
                return "a change became outdated while the next was made"
    return ""
