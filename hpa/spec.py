"""What an autoscaler is set to, and how the controller that runs it is started."""

from dataclasses import dataclass
from typing import Literal

Source = Literal["Resource", "ContainerResource", "Pods", "Object", "External"]
# An Object's target whose type names the value that is not there is Unusable: the API takes it, the controller cannot.
TargetKind = Literal["Utilization", "AverageValue", "Value", "Unusable"]
PolicyKind = Literal["Pods", "Percent"]
Select = Literal["Max", "Min", "Disabled"]


@dataclass(frozen=True)
class Metric:
    """One entry of `spec.metrics`. `amount` is in percent for Utilization, else in thousandths of the metric's unit."""

    source: Source
    name: str
    target: TargetKind
    amount: int
    container: str = ""

    @property
    def of_pods(self) -> bool:
        """Whether the metric has a value for each pod (Object and External have one for all)."""
        return self.source in ("Resource", "ContainerResource", "Pods")


@dataclass(frozen=True)
class Policy:
    """At most `value` pods, or percent of the pods at the period's start, in `period` seconds."""

    kind: PolicyKind
    value: int
    period: int


@dataclass(frozen=True)
class Rules:
    """One direction of `spec.behavior`. A `window` (seconds) of None, for scaling down only, means the controller's."""

    policies: tuple[Policy, ...]
    window: int | None
    select: Select = "Max"
    tolerance: float | None = None

    @property
    def longest_period(self) -> int:
        return max((policy.period for policy in self.policies), default=0)


@dataclass(frozen=True)
class Behavior:
    up: Rules
    down: Rules


DEFAULT_UP = Rules((Policy("Pods", 4, 15), Policy("Percent", 100, 15)), window=0)
DEFAULT_DOWN = Rules((Policy("Percent", 100, 15),), window=None)


@dataclass(frozen=True)
class Autoscaler:
    """A HorizontalPodAutoscaler's spec as the API server stores it. Without `behavior` the older limits apply."""

    min: int
    max: int
    metrics: tuple[Metric, ...]
    behavior: Behavior | None = None


@dataclass(frozen=True)
class Tolerances:
    """How far the ratio of use to target may be from 1, below and above, before anything is done."""

    down: float
    up: float

    def holds(self, ratio: float) -> bool:
        """`Tolerances.isWithin`."""
        return (1.0 - self.down) <= ratio <= (1.0 + self.up)


@dataclass(frozen=True)
class Controller:
    """kube-controller-manager's `--horizontal-pod-autoscaler-*` flags, in seconds, at Kubernetes' defaults.

    `configurable_tolerance` is the feature gate HPAConfigurableTolerance: off in 1.33 and 1.34, on from 1.35.
    """

    sync_period: float = 15.0
    tolerance: float = 0.1
    downscale_stabilization: float = 300.0
    cpu_initialization: float = 300.0
    initial_readiness: float = 30.0
    configurable_tolerance: bool = False

    def tolerances(self, behavior: Behavior | None) -> Tolerances:
        """`tolerancesForHpa`."""
        if behavior is None or not self.configurable_tolerance:
            return Tolerances(self.tolerance, self.tolerance)
        down, up = behavior.down.tolerance, behavior.up.tolerance
        return Tolerances(self.tolerance if down is None else down, self.tolerance if up is None else up)

    def down_window(self, rules: Rules) -> int:
        """`maybeInitScaleDownStabilizationWindow`."""
        return int(self.downscale_stabilization) if rules.window is None else rules.window
