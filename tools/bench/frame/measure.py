"""Measure benchmarks, one after another."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.bench.frame import machine, page
from tools.bench.frame.found import Benchmark
from tools.bench.frame.row import grouped
from tools.bench.frame.run import Run


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What the command line asks of every benchmark; see `Run`."""

    quick: bool = False
    repeats: int = 3
    sizes: Sequence[int] = ()
    stack: str | None = None


def measured(benchmark: Benchmark, asked: Asked) -> page.Result:
    """Every row, with the machine's facts and its load before and after."""
    before = machine.load()
    with tempfile.TemporaryDirectory(prefix="slipway-bench-") as scratch:
        run = Run(
            quick=asked.quick,
            repeats=1 if asked.quick else asked.repeats,
            scratch=Path(scratch),
            say=_say,
            sizes=asked.sizes,
            stack=asked.stack,
        )
        rows = list(benchmark.rows(run))
    facts = {**machine.facts(), "load": f"{before} before, {machine.load()} after"}
    return page.Result(
        name=benchmark.name,
        title=benchmark.title,
        text=benchmark.text,
        machine=facts,
        rows=rows,
        pictures=run.pictures,
    )


def measure(benchmarks: Sequence[Benchmark], folder: Path, asked: Asked) -> None:
    """Print what each found and, unless it is only tried, write it into `folder`."""
    for each in benchmarks:
        print(f"{each.name}: {each.title}", flush=True)
        result = measured(each, asked)
        for what, sizes in grouped(result.rows).items():
            print(f"\n{what}\n{page.table(sizes)}")
        if not asked.quick:
            print(f"\n{page.write(folder, result)}")


def _say(line: str) -> None:
    print(f"  {line}", flush=True)
