"""What the pods of a model do under load: a simple model of the work, stated in full.

- A unit of load costs `cost` thousandths of a core while it is served; the container that does the work uses `idle`
  besides, and never more than `limit`. So a ready pod serves (limit - idle) / cost units a second, and the ready pods
  share the load evenly. Sidecars use the same at any load.
- A pod made at one sync is ready `startup` seconds later; until then it serves nothing and uses `startup_cpu`, or
  `idle`. When pods are taken away, the newest go first (as the ReplicaSet controller prefers).
- A pod's memory is `memory` and `memory_cost` for each unit a second that it serves; what is `memory_kept` never falls.
- Load that the ready pods cannot serve is unmet: lost, or with `queue` waiting in a backlog.
- At a sync the metrics are those of the last full interval that ended `lag` seconds ago. A pod appears in them once
  it has lived through a full window.
"""

from dataclasses import dataclass

from hpa.spec import Metric


@dataclass(frozen=True, kw_only=True)
class Sidecar:
    """Another container of the pods: thousandths of a core and bytes."""

    name: str
    request: int
    use: int
    memory_request: int = 0
    memory: int = 0


@dataclass(frozen=True)
class Workload:
    """Thousandths of a core for cpu, bytes for memory, seconds for times. `container` does the work."""

    request: int = 100
    limit: int = 1000
    cost: float = 10.0
    idle: int = 5
    memory_request: int | None = None
    memory: int | None = None
    startup: float = 30.0
    lag: float = 15.0
    window: float = 15.0
    queue: bool = False
    container: str = "model"
    sidecars: tuple[Sidecar, ...] = ()
    startup_cpu: int | None = None
    memory_cost: float = 0.0
    memory_kept: bool = False

    @property
    def capacity(self) -> float:
        """Units a second that a ready pod serves."""
        return (self.limit - self.idle) / self.cost

    @property
    def containers(self) -> tuple[str, ...]:
        return (self.container, *(sidecar.name for sidecar in self.sidecars))

    @property
    def requests(self) -> dict[str, dict[str, int]]:
        """Thousandths, by container and resource."""
        main = {"cpu": self.request, "memory": 1000 * (self.memory_request or 0)}
        return {
            self.container: main,
            **{
                sidecar.name: {"cpu": sidecar.request, "memory": 1000 * sidecar.memory_request}
                for sidecar in self.sidecars
            },
        }

    def requested(self, metric: Metric) -> int:
        """Thousandths of the metric's resource that a pod, or the metric's container, requests."""
        return sum(
            requests.get(metric.name, 0)
            for container, requests in self.requests.items()
            if metric.container in ("", container)
        )

    def base(self, metric: Metric) -> int:
        """Thousandths of the metric for a pod that is ready and serves nothing."""
        if metric.source == "Pods":
            return 0
        own = 1000 * (self.memory or 0) if metric.name == "memory" else self.idle
        return self._of_sidecars(metric) + (own if self._works(metric) else 0)

    def starting(self, metric: Metric) -> int:
        """Thousandths of the metric for a pod that is not ready yet."""
        if metric.name != "cpu" or self.startup_cpu is None or not self._works(metric) or metric.source == "Pods":
            return self.base(metric)
        return self._of_sidecars(metric) + self.startup_cpu

    def slope(self, metric: Metric) -> float:
        """Thousandths of the metric that each unit of load adds to the pod that serves it."""
        if metric.source == "Pods":
            return 1000.0
        if not self._works(metric):
            return 0.0
        return self.cost if metric.name == "cpu" else 1000.0 * self.memory_cost

    def measures(self, metric: Metric) -> bool:
        """Whether the metrics APIs can have the metric: it needs a container of its name."""
        return metric.container in ("", *self.containers)

    def _works(self, metric: Metric) -> bool:
        return metric.container in ("", self.container)

    def _of_sidecars(self, metric: Metric) -> int:
        return sum(
            1000 * sidecar.memory if metric.name == "memory" else sidecar.use
            for sidecar in self.sidecars
            if metric.container in ("", sidecar.name)
        )
