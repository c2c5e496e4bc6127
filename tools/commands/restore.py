"""Bring a backup back into a stack that is new, or whose MLflow was never used, on this cluster or another one.

All of the backup is read and compared first. Then the artifacts, the database (whole or not at all), and `up`.
"""

import click

from tools.cli import stack
from tools.engine.stack import Stack


@click.command(help=__doc__)
@stack
@click.argument("source", metavar="FROM")
@click.option("--beside", is_flag=True, help="Leave other objects that the store holds where they are.")
def command(stack: Stack, source: str, beside: bool) -> int:
    from tools.backup.stacks import restore

    return restore(stack, source, beside=beside)
