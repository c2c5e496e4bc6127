"""Measure Slipway beside what its users would pick instead, and write docs/benchmarks/.

WHAT are files of tools/bench/; without one, all that can be measured here.
"""

from collections.abc import Sequence
from pathlib import Path

import click

from tools.bench.frame import measure, page
from tools.bench.frame.found import chosen
from tools.cli import scratched


@click.command(help=__doc__)
@click.argument("what", nargs=-1)
@click.option("--stack", help="A running stack, for what measures one.")
@click.option("--quick", is_flag=True, help="Once, with the smallest sizes, and nothing is written: does it work?")
@click.option("--repeats", type=click.IntRange(min=1), default=3, show_default=True)
@click.option("--size", "sizes", type=click.IntRange(min=1), multiple=True, help="How many models; again for more.")
@click.option("--to", type=click.Path(file_okay=False, path_type=Path), default=page.FOLDER, show_default=True)
@scratched
def command(what: Sequence[str], stack: str | None, quick: bool, repeats: int, sizes: Sequence[int], to: Path) -> None:
    asked = measure.Asked(quick=quick, repeats=repeats, sizes=sizes, stack=stack)
    measure.measure(chosen(what, stack), to, asked)
