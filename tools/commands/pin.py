"""Write the digest of what a stack serves now into its file, of one model or of all.

From then on `up` builds nothing else, whoever changes the version in MLflow.
"""

import click

from tools.cli import stack
from tools.engine.stack import Stack
from tools.pin import pin


@click.command(help=__doc__)
@stack
@click.argument("model", required=False)
def command(stack: Stack, model: str | None) -> None:
    print("\n".join(pin(stack, model)))
