"""Tell which of a stack's embedded servers run; exits with 1 unless all do."""

import click

from tools.cli import stack
from tools.embedded.stack import EmbeddedStack, told
from tools.engine.stack import Stack


@click.command(help=__doc__)
@stack
def command(stack: Stack) -> int:
    running = EmbeddedStack.of(stack.file).running()
    print(told(running))
    return 0 if all(running.values()) else 1
