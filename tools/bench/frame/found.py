"""The benchmarks: every file of tools/bench/ is one. Its own text is the page's, its `rows` measures.

`NEEDS_STACK` says that it measures a stack; `ONLY_BY_NAME` that it must be asked for.
"""

import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from components.errors import SlipwayError
from tools.bench.frame.row import Row
from tools.bench.frame.run import Run

FOLDER = Path(__file__).parents[1]


@dataclass(frozen=True, kw_only=True)
class Benchmark:
    name: str
    title: str
    # How it measures, in Markdown.
    text: str
    needs_stack: bool
    only_by_name: bool
    rows: Callable[[Run], Iterator[Row]]


def names() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("[a-z]*.py"))


def named(name: str) -> Benchmark:
    """Raises SlipwayError for one that is not there."""
    if name not in names():
        raise SlipwayError(f"there is no benchmark {name}", remedy=f"there are {', '.join(names())}")
    module = import_module(f"tools.bench.{name}")
    title, _, text = (inspect.getdoc(module) or "").partition("\n\n")
    return Benchmark(
        name=name,
        title=title.rstrip("."),
        text=text,
        needs_stack=getattr(module, "NEEDS_STACK", False),
        only_by_name=getattr(module, "ONLY_BY_NAME", False),
        rows=module.rows,
    )


def chosen(wanted: Sequence[str], stack: str | None) -> list[Benchmark]:
    """Those that are named, or all that can be measured: without a stack only what needs none. Raises SlipwayError."""
    if wanted:
        return [named(name) for name in wanted]
    every = map(named, names())
    return [each for each in every if not each.only_by_name and (stack or not each.needs_stack)]
