"""A benchmark's results as a page of the documents, with a table and a picture for each thing that was compared."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import compress
from pathlib import Path
from statistics import median

from tools.bench.frame import plot
from tools.bench.frame.row import Row, grouped, ratio
from tools.files import write_whole

FOLDER = Path("docs/benchmarks")


@dataclass(frozen=True, kw_only=True)
class Result:
    """`text` says how it is measured, in Markdown; `machine` where and when it was."""

    name: str
    title: str
    text: str
    machine: Mapping[str, str]
    rows: Sequence[Row]
    # SVGs by name.
    pictures: Mapping[str, str] = field(default_factory=dict)


def write(folder: Path, result: Result) -> Path:
    """Write the page, its pictures and the values as they are; return the page."""
    folder.mkdir(parents=True, exist_ok=True)
    for what, sizes in grouped(result.rows).items():
        plot.draw(folder / picture(result.name, what), sizes)
    for name, svg in result.pictures.items():
        write_whole(folder / picture(result.name, name), svg)
    values = {"machine": result.machine, "rows": [asdict(row) for row in result.rows]}
    write_whole(folder / f"{result.name}.json", json.dumps(values, indent=1) + "\n")
    page = folder / f"{result.name}.md"
    write_whole(page, markdown(result))
    return page


def markdown(result: Result) -> str:
    blocks = [f"# {result.title}", result.text, f"`make bench WHAT={result.name}` measured this."]
    blocks += ["\n".join(["| | |", "|---|---|", *(f"| {name} | {fact} |" for name, fact in result.machine.items())])]
    for what, sizes in grouped(result.rows).items():
        blocks += [f"## {what}", table(sizes), f"![{what}]({picture(result.name, what)})"]
    blocks += [f"## {name}\n\n![{name}]({picture(result.name, name)})" for name in result.pictures]
    return "\n\n".join(blocks) + f"\n\n[All values]({result.name}.json)\n"


def picture(name: str, what: str) -> str:
    return f"{name}-{re.sub(r'[^a-z0-9]+', '-', what.lower()).strip('-')}.svg"


def table(sizes: Mapping[int | None, Sequence[Row]]) -> str:
    """Medians, how far the values lie apart, and how many times each way the first one is."""
    every = [row for rows in sizes.values() for row in rows]
    columns = {
        "models": any(row.size is not None for row in every),
        "": True,
        "median": True,
        "least to most": True,
        "processor": any(row.cpu for row in every),
        f"{every[0].way} is": any(len(rows) > 1 for rows in sizes.values()),
        "runs": True,
    }
    kept = list(columns.values())
    lines = [list(columns), ["---"] * len(columns)]
    lines += [_cells(row, rows[0]) for rows in sizes.values() for row in rows]
    return "\n".join(f"| {' | '.join(compress(line, kept))} |" for line in lines)


def _cells(row: Row, first: Row) -> list[str]:
    times = ratio(first, row) if row is not first else None
    return [
        f"{row.size:,}" if row.size is not None else "",
        row.way,
        shown(row.median, row.unit),
        f"{shown(min(row.values))} to {shown(max(row.values))}",
        shown(median(row.cpu), "s") if row.cpu else "",
        f"{times:.2f}x" if times is not None else "",
        str(len(row.values)),
    ]


def shown(value: float, unit: str = "") -> str:
    """Three figures that mean something."""
    text = f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return f"{text} {unit}".rstrip()
