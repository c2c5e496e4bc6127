"""Take a model's canary back; without one, serve the version before.

The version before is that of --to, or else of the stack file's history in git. Changes the model's entry in the stack
file and nothing else in it; `up` then brings the cluster to it.
"""

import click

from tools import release
from tools.cli import stack
from tools.engine.stack import Stack


@click.command(help=__doc__)
@stack
@click.argument("model")
@click.option("--to", metavar="SOURCE", help="Such as models:/wine/1.")
def command(stack: Stack, model: str, to: str | None) -> None:
    print(f"{release.rollback(stack.file, model, to)}; now: make up STACK={stack.name}")
