"""Get the pinned tools that are missing into .tools/bin.

Official downloads with their publishers' checksums; where those cannot be reached, built from Go modules.
"""

from collections.abc import Sequence

import click

from tools.toolchain.install import install
from tools.toolchain.pins import ON_DEMAND, TOOLS

NAMES = {tool.name: tool for tool in (*TOOLS, *ON_DEMAND)}


@click.command(help=__doc__)
@click.argument("wanted", nargs=-1, type=click.Choice(list(NAMES)), metavar="[TOOL]...")
def command(wanted: Sequence[str]) -> None:
    install([NAMES[name] for name in wanted] or TOOLS)
