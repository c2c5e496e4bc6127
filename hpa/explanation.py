"""Why the controller did what it did at a sync, in words."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hpa.algorithm import Decision
from hpa.replicas import Groups, Proposal, Unavailable
from hpa.simulation import Row
from hpa.spec import Autoscaler, Controller, Metric, Policy, Rules


def clock(seconds: float) -> str:
    whole = round(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"


def label(metric: Metric) -> str:
    """What people call the metric."""
    return f"{metric.name} of {metric.container}" if metric.container else metric.name


def unit(metric: Metric) -> str:
    """The unit of the metric's numbers in tables, pictures and JSON."""
    if metric.target == "Utilization":
        return "%"
    if metric.source in ("Resource", "ContainerResource"):
        return "MiB" if metric.name == "memory" else "cores"
    return "in all" if metric.target == "Value" else "a pod"


def number(metric: Metric, amount: float) -> float:
    """An amount (percent or thousandths) in the metric's unit."""
    if metric.target == "Utilization":
        return amount
    of_memory = metric.source in ("Resource", "ContainerResource") and metric.name == "memory"
    return amount / 1000 / (2**20 if of_memory else 1)


def value(metric: Metric, outcome: Proposal) -> float:
    """What is compared with the target, in the metric's unit; of a total that is shared, what falls to each pod."""
    shared = metric.target == "AverageValue" and not metric.of_pods
    return number(metric, outcome.value / max(1, outcome.pods) if shared else outcome.value)


@dataclass(frozen=True)
class Explained:
    """A sync of an autoscaler under a controller, ready to be told."""

    row: Row
    autoscaler: Autoscaler
    controller: Controller

    @property
    def decision(self) -> Decision:
        return self.row.decision

    def sentence(self) -> str:
        """In one sentence."""
        parts = [*self._metrics(), *self._limits()]
        return f"{'; '.join(parts)}: {self._result()}." if parts else f"{self._result()}."

    def lines(self) -> Iterator[str]:
        """In full: a line for each step of the decision."""
        yield f"{clock(self.row.time)}  load {self.row.load:g}, {self.row.before} replicas asked for"
        for metric, outcome in zip(self.autoscaler.metrics, self.decision.metrics, strict=False):
            yield f"  {self._metric(metric, outcome)}"
            if isinstance(outcome, Proposal) and metric.of_pods:
                yield f"    pods: {outcome.groups.counted} count{_apart(outcome.groups)}"
        if self.decision.proposed is not None and len(self.decision.metrics) > 1:
            yield f"  the most of them: {self.decision.proposed}"
        for part in self._limits():
            yield f"  {part}"
        limited = self.decision.limited
        bound = self.decision.reason in ("ScaleUpLimit", "ScaleDownLimit")
        if limited and limited.fastest is not None and limited.stable != self.row.before and not bound:
            rising = limited.stable > self.row.before
            yield f"  {self._policies(rising)} allow {'at most' if rising else 'at least'} {limited.fastest} now"
        yield f"  min {self.autoscaler.min}, max {self.autoscaler.max}"
        yield f"  {self._result()} ({self.decision.reason})"

    def _metrics(self) -> Iterator[str]:
        for metric, outcome in zip(self.autoscaler.metrics, self.decision.metrics, strict=False):
            yield self._metric(metric, outcome)

    def _metric(self, metric: Metric, outcome: Proposal | Unavailable) -> str:
        if isinstance(outcome, Unavailable):
            return f"{label(metric)}: {outcome}"
        here = f"{value(metric, outcome):.5g}".rstrip()
        what = f"{label(metric)} {here} {unit(metric)}, target {number(metric, metric.amount):.5g}"
        if outcome.corrected is not None:
            what += f", ratio {outcome.ratio:.2f}, {_filled(outcome)} {outcome.corrected:.2f}"
        else:
            what += f", ratio {outcome.ratio:.2f}"
        if outcome.rule == "within":
            return f"{what}: within the tolerance of {self._tolerance(outcome):g}, so {outcome.replicas}"
        if outcome.rule == "turned":
            return f"{what}: with them it would go the other way, so {outcome.replicas}"
        ratio = outcome.ratio if outcome.corrected is None else outcome.corrected
        if metric.of_pods or metric.target == "Value":
            return f"{what}: {ratio:.2f} x {_count(outcome.pods, 'pod')}, rounded up, is {outcome.replicas}"
        total, each = number(metric, outcome.value), number(metric, metric.amount)
        return f"{what}: {total:.5g} / {each:.5g}, rounded up, is {outcome.replicas}"

    def _tolerance(self, outcome: Proposal) -> float:
        tolerances = self.controller.tolerances(self.autoscaler.behavior)
        ratio = outcome.ratio if outcome.corrected is None else outcome.corrected
        return tolerances.up if ratio > 1 else tolerances.down

    def _limits(self) -> Iterator[str]:
        decision, limited = self.decision, self.decision.limited
        if decision.reason == "ScalingDisabled":
            yield "0 replicas turn the autoscaler off, as min is not 0"
        elif decision.reason == "AmbiguousSelector":
            yield "several autoscalers have this target, and Kubernetes stops them all"
        elif decision.reason == "FailedGetMetrics" and any(isinstance(m, Proposal) for m in decision.metrics):
            yield "nothing is scaled down while a metric has no value"
        elif decision.reason == "FailedUpdateScale":
            yield "the API server refuses a count below zero"
        elif limited is None:
            yield f"{self.row.before} is {'more than max' if decision.reason == 'TooManyReplicas' else 'less than min'}"
        else:
            yield from self._limited()

    def _limited(self) -> Iterator[str]:
        decision, limited = self.decision, self.decision.limited
        assert limited is not None
        proposed = max(0, decision.proposed or 0)
        if limited.stable != proposed:
            rising = proposed >= self.row.before
            window = self._window(rising=rising)
            which = "lowest" if rising else "highest"
            if limited.held:
                when = clock(limited.held.time)
                yield f"the {which} of the last {window:g} s, {limited.stable} at {when}, holds"
            else:
                yield f"the window of {window:g} s keeps it at {limited.stable}"
        if decision.reason in ("ScaleUpLimit", "ScaleDownLimit"):
            yield f"{self._policies(decision.reason == 'ScaleUpLimit')} end at {limited.replicas}"
        elif decision.reason == "TooManyReplicas":
            yield f"max is {self.autoscaler.max}"
        elif decision.reason == "TooFewReplicas":
            yield f"min is {self.autoscaler.min}"

    def _window(self, *, rising: bool) -> float:
        behavior = self.autoscaler.behavior
        if behavior is None:
            return self.controller.downscale_stabilization
        return (behavior.up.window or 0) if rising else self.controller.down_window(behavior.down)

    def _policies(self, rising: bool) -> str:
        behavior = self.autoscaler.behavior
        if behavior is None:
            return "the fixed limit (twice as many, or 4)"
        rules = behavior.up if rising else behavior.down
        if rules.select == "Disabled":
            return f"scale{'Up' if rising else 'Down'} is Disabled: its policies"
        return f"the policies ({_rules(rules)})"

    def _result(self) -> str:
        before, after = self.row.before, self.decision.desired
        if before == after:
            return f"stays at {after}"
        return f"{'up' if after > before else 'down'} from {before} to {after}"


def _rules(rules: Rules) -> str:
    joined = {"Max": " or ", "Min": " and "}.get(rules.select, ", ")
    return joined.join(_policy(policy) for policy in rules.policies)


def _policy(policy: Policy) -> str:
    what = _count(policy.value, "pod") if policy.kind == "Pods" else f"{policy.value} %"
    return f"{what} in {policy.period} s"


def _filled(outcome: Proposal) -> str:
    """How the pods without a value were counted."""
    groups, parts = outcome.groups, []
    if groups.missing:
        how = "idle" if outcome.ratio > 1 else "full" if outcome.ratio < 1 else "nothing"
        parts.append(f"{len(groups.missing)} without metrics as {how}")
    if groups.unready and outcome.ratio > 1:
        parts.append(f"{len(groups.unready)} not ready as idle")
    return f"with {' and '.join(parts)}"


def _apart(groups: Groups) -> str:
    parts: Sequence[tuple[frozenset[str], str]] = (
        (groups.unready, "not ready"),
        (groups.missing, "without metrics"),
        (groups.ignored, "ended"),
    )
    return "".join(f", {len(names)} {word}" for names, word in parts if names)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
