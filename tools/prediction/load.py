"""Requests in a row or at a rate, and how long each took."""

import math
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from components.errors import SlipwayError

_AT_ONCE = 64


@dataclass(frozen=True, kw_only=True)
class Measured:
    """`latencies` are seconds, of the requests that were answered; `failed` counts the others by their reason."""

    seconds: float
    latencies: Sequence[float]
    failed: Mapping[str, int]

    def __str__(self) -> str:
        failed = sum(self.failed.values())
        count = len(self.latencies) + failed
        shown = ", ".join(f"p{share} {percentile(self.latencies, share) * 1000:.1f} ms" for share in (50, 95, 99))
        head = f"{count} requests in {self.seconds:.1f} s ({count / self.seconds:.1f}/s), {failed} failed"
        lines = [f"{head}; {shown}" if self.latencies else head]
        return "\n".join([*lines, *(f"  {times} x {reason}" for reason, times in self.failed.items())])


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that `share` per cent of all do not exceed."""
    return sorted(values)[max(0, math.ceil(len(values) * share / 100) - 1)]


def measured(ask: Callable[[], object], count: int, rate: float | None) -> Measured:
    """Ask `count` times: one after another, or `rate` times a second whether or not answers have come.

    At a rate, a request's time begins when it was due: a server that is late is late for all that wait.
    """
    latencies: list[float] = []
    failed: Counter[str] = Counter()
    began = time.perf_counter()

    def one(number: int) -> None:
        due = began + number / rate if rate else time.perf_counter()
        time.sleep(max(0.0, due - time.perf_counter()))
        try:
            ask()
        except SlipwayError as error:
            failed[str(error).partition("\n")[0]] += 1
        else:
            latencies.append(time.perf_counter() - due)

    with ThreadPoolExecutor(_AT_ONCE if rate else 1) as pool:
        list(pool.map(one, range(count)))
    return Measured(seconds=time.perf_counter() - began, latencies=latencies, failed=failed)
