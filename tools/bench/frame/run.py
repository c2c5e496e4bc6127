"""One run of a benchmark: how much is asked of it, and how it times."""

import resource
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from components.errors import SlipwayError
from tools.bench.frame.row import Row


@dataclass(frozen=True, kw_only=True)
class Timed:
    """Seconds by the clock, and of the processor: this process's children, and theirs."""

    seconds: float
    cpu: float


@dataclass(frozen=True, kw_only=True)
class Run:
    """What a benchmark is told."""

    # Only see that it works: once, with the smallest sizes.
    quick: bool
    repeats: int
    # Empty, and removed afterwards.
    scratch: Path
    say: Callable[[str], None]
    # How many models; empty for what the benchmark itself would take.
    sizes: Sequence[int] = ()
    # A running stack, for what measures one.
    stack: str | None = None
    # SVGs that the benchmark drew itself, by name.
    pictures: dict[str, str] = field(default_factory=dict)

    def picture(self, name: str, svg: str) -> None:
        """Show it on the page, in place of an earlier one of that name."""
        self.pictures[name] = svg

    def needed_stack(self) -> str:
        """Raises SlipwayError where none was named."""
        if not self.stack:
            raise SlipwayError("this benchmark measures a running stack", remedy="name one: STACK=dev")
        return self.stack

    def turns(self, ways: Mapping[str, Callable[[], object]]) -> dict[str, list[Timed]]:
        """Each way as often as asked, taking turns: a machine that gets slower does so for all of them."""
        found: dict[str, list[Timed]] = {way: [] for way in ways}
        for _ in range(self.repeats):
            for way, work in ways.items():
                found[way].append(timed(work))
        return found

    def compared(self, what: str, ways: Mapping[str, Callable[[], object]], size: int | None = None) -> Iterator[Row]:
        """A row for each way, the first of which is held against the others."""
        yield from rows_of(what, self.turns(ways), size)


def rows_of(what: str, found: Mapping[str, list[Timed]], size: int | None = None) -> Iterator[Row]:
    for way, times in found.items():
        seconds, cpu = [each.seconds for each in times], [each.cpu for each in times]
        yield Row(what=what, way=way, size=size, values=seconds, cpu=cpu)


def timed(work: Callable[[], object]) -> Timed:
    before, began = _children(), time.perf_counter()
    work()
    return Timed(seconds=time.perf_counter() - began, cpu=_children() - before)


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
