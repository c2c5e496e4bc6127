"""The pods of a model while it is simulated: made, ready, crashed, replaced, taken away."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from hpa.incidents import Incidents
from hpa.replicas import Pod, Ready
from hpa.workload import Workload

LONG_AGO = -1e9


@dataclass
class Replica:
    """One pod. `serves_from` is when it is ready, or ready again; `peak` the most that it ever served a second."""

    name: str
    made: float
    serves_from: float
    revision: int
    unready_since: float
    requests: Mapping[str, Mapping[str, int]]
    peak: float = 0.0
    seen: Pod | None = None

    def ready(self, now: float) -> bool:
        return self.serves_from <= now

    def observed(self, now: float) -> Pod:
        """What the controller sees of it."""
        ready = Ready("True", self.serves_from) if self.ready(now) else Ready("False", self.unready_since)
        if self.seen is None or self.seen.ready != ready:
            self.seen = Pod(self.name, ready=ready, started=self.made, requests=self.requests)
        return self.seen


class Deployment:
    """`replicas`, the newest last, as the controller's target has them; they are changed by its `wanted`."""

    def __init__(self, wanted: int, work: Workload, incidents: Incidents) -> None:
        self.wanted, self.work, self.incidents = wanted, work, incidents
        self.revision, self.made, self.requests = 0, 0, work.requests
        self.replicas = [self._ready_since_long() for _ in range(wanted)]
        self.foreign = [
            Pod(
                f"foreign-{number}",
                ready=Ready("True", LONG_AGO),
                started=LONG_AGO,
                requests=self.requests,
            )
            for number in range(incidents.foreign)
        ]

    def pass_time(self, before: float, now: float) -> None:
        """What happened after `before`, up to `now`."""
        self.revision += sum(before < moment <= now for moment in self.incidents.rollouts)
        for moment, count in self.incidents.crashes:
            if before < moment <= now:
                for replica in [entry for entry in self.replicas if entry.ready(moment)][:count]:
                    replica.unready_since, replica.serves_from = moment, moment + self.work.startup
        self._roll(now)

    def scale(self, wanted: int, now: float) -> None:
        self.wanted = wanted
        surplus = len(self.replicas) - self._most()
        if surplus > 0:
            # The newest go first; those of an older revision, and those that do not serve, before all others.
            order = sorted(self.replicas, key=lambda r: (r.revision == self.revision, r.ready(now), -r.made))
            gone = {replica.name for replica in order[:surplus]}
            self.replicas = [replica for replica in self.replicas if replica.name not in gone]
        for _ in range(wanted - len(self.replicas)):
            self.replicas.append(self._made(now))
        self._roll(now)

    def observed(self, now: float) -> list[Pod]:
        return [replica.observed(now) for replica in self.replicas] + self.foreign

    def serving(self, now: float) -> list[Replica]:
        return [replica for replica in self.replicas if replica.ready(now)]

    def _old(self) -> Iterator[Replica]:
        return (replica for replica in self.replicas if replica.revision != self.revision)

    def _most(self) -> int:
        """Replicas that may be there."""
        return self.wanted + (math.ceil(self.wanted / 4) if any(self._old()) else 0)

    def _roll(self, now: float) -> None:
        """A step of a rolling update."""
        if not any(self._old()):
            return
        allowed = self.wanted - self.wanted // 4
        for replica in list(self._old()):
            spare = len(self.serving(now)) - allowed
            if spare > 0 or not replica.ready(now):
                self.replicas.remove(replica)
        while len(self.replicas) < self._most() and self._of_revision() < self.wanted:
            self.replicas.append(self._made(now))

    def _of_revision(self) -> int:
        return sum(replica.revision == self.revision for replica in self.replicas)

    def _made(self, now: float) -> Replica:
        broken = self.incidents.broken is not None and now >= self.incidents.broken
        return self._replica(now, math.inf if broken else now + self.work.startup)

    def _ready_since_long(self) -> Replica:
        return self._replica(LONG_AGO, LONG_AGO + self.work.startup)

    def _replica(self, made: float, serves_from: float) -> Replica:
        self.made += 1
        return Replica(f"pod-{self.made}", made, serves_from, self.revision, made, self.requests)
