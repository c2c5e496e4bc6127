"""What happens to a model besides its load: the things that make people ask why it scaled, or did not."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Incidents:
    """Seconds from the beginning of the load.

    - At a `rollout` every pod is replaced by a new one, a quarter more and a quarter less at once (the Deployment's
      defaults); the pods that are too many count as replicas that are there.
    - At a crash (time, pods) the oldest pods stop serving until they have started up again.
    - Pods made from `broken` on never get ready.
    - In a `silence` (from, to) the metrics APIs give nothing.
    - `foreign` pods under the selector belong to something else: they use `foreign_cpu`, serve nothing and stay.
    """

    rollouts: tuple[float, ...] = ()
    crashes: tuple[tuple[float, int], ...] = ()
    broken: float | None = None
    silences: tuple[tuple[float, float], ...] = ()
    foreign: int = 0
    foreign_cpu: int = 0

    def silent(self, now: float) -> bool:
        return any(begin <= now < end for begin, end in self.silences)


NONE = Incidents()
