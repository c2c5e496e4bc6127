"""Show what a model's server says: the last lines of all of its pods."""

import click

from components.clients.process import foreground
from tools.cli import stack
from tools.engine.stack import Stack
from tools.environment import tools_first
from tools.logs import reading


@click.command(help=__doc__)
@stack
@click.argument("model")
@click.option("--lines", type=click.IntRange(min=1), default=100, show_default=True, help="Of each pod.")
@click.option("--follow", "-f", is_flag=True, help="Go on with what comes.")
def command(stack: Stack, model: str, lines: int, follow: bool) -> int:
    return foreground(reading(stack, model, lines, follow), tools_first())
