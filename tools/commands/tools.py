"""Get the pinned tools that are missing into .tools/bin.

Official downloads that are what is pinned (or, where no checksum is pinned yet, what their publishers say); where those
cannot be reached, built from Go modules. --pin asks the publishers for every checksum and writes them down.
"""

from collections.abc import Sequence

import click

from tools.toolchain.install import install
from tools.toolchain.pinning import write_checksums
from tools.toolchain.pins import ON_DEMAND, TOOLS

NAMES = {tool.name: tool for tool in (*TOOLS, *ON_DEMAND)}


@click.command(help=__doc__)
@click.argument("wanted", nargs=-1, type=click.Choice(list(NAMES)), metavar="[TOOL]...")
@click.option("--pin", is_flag=True, help="Write tools/toolchain/checksums.txt, and get nothing.")
def command(wanted: Sequence[str], pin: bool) -> None:
    if pin:
        print(write_checksums())
        return
    install([NAMES[name] for name in wanted] or TOOLS)
