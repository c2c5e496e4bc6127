"""Read the real state of what the stack made.

Settings are checked first. Options after the stack go to Pulumi as they are.
"""

from collections.abc import Sequence

import click

from tools.cli import PASSES_ON, extra, stack
from tools.engine.stack import Stack
from tools.lifecycle import verbs


@click.command(help=__doc__, context_settings=PASSES_ON)
@stack
@click.option("--confirm", metavar="WORD", help="What lets a cluster be left; the refusal says which word.")
@extra
def command(stack: Stack, extra: Sequence[str], confirm: str | None) -> int:
    return verbs.run("refresh", stack, extra, confirm)
