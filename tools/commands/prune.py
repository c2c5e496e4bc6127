"""Delete a stack's old model images, in its registry and on this machine.

Kept are those that run or that the state names, and of each model the newest others (slipway:build.keepImages).
"""

import click

from tools.cli import stack
from tools.engine.stack import Stack
from tools.prune.pruning import prune


@click.command(help=__doc__)
@stack
@click.option("--dry-run", is_flag=True, help="Only say what would be deleted.")
def command(stack: Stack, dry_run: bool) -> None:
    prune(stack, dry_run)
