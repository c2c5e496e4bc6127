"""Print a client's API key; default: the stack's own.

For a shell: export SLIPWAY_KEY=$(python -m tools key prod)
"""

import click

from components.settings.ingress import OWN
from tools.cli import stack
from tools.engine.stack import Stack
from tools.key import key


@click.command(help=__doc__)
@stack
@click.argument("client", default=OWN)
def command(stack: Stack, client: str) -> None:
    print(key(stack, client))
