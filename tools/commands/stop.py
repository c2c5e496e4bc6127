"""Stop the embedded cluster and the servers of a stack; their data stays for the next `start` or `up`."""

import click

from tools.cli import stack
from tools.embedded.stack import EmbeddedStack, told
from tools.engine.stack import Stack


@click.command(help=__doc__)
@stack
def command(stack: Stack) -> None:
    embedded = EmbeddedStack.of(stack.file)
    embedded.stop()
    print(told(embedded.running()))
