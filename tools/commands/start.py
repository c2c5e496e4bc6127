"""Start the embedded cluster and the servers of a stack, without Pulumi."""

import click

from tools.cli import stack
from tools.embedded.stack import EmbeddedStack, told
from tools.engine.stack import Stack


@click.command(help=__doc__)
@stack
def command(stack: Stack) -> None:
    embedded = EmbeddedStack.of(stack.file)
    embedded.up()
    print(told(embedded.running()))
