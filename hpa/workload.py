"""What the pods of a model do under load: a simple model of the work, stated in full.

- A unit of load costs `cost` thousandths of a core while it is served; a pod uses `idle` besides, and never more than
  `limit`. So a ready pod serves (limit - idle) / cost units a second, and the ready pods share the load evenly.
- A pod made at one sync is ready `startup` seconds later; until then it serves nothing and uses `idle`. When pods are
  taken away, the newest go first (as the ReplicaSet controller prefers).
- Load that the ready pods cannot serve is unmet: lost, or with `queue` waiting in a backlog.
- At a sync the metrics are those of the last full interval that ended `lag` seconds ago. A pod appears in them once
  it has lived through a full window.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Workload:
    """Thousandths of a core for cpu, bytes for memory, seconds for times."""

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

    @property
    def capacity(self) -> float:
        """Units a second that a ready pod serves."""
        return (self.limit - self.idle) / self.cost
