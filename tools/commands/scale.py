"""Set a model's fixed count of replicas in the stack file; `up` then brings the cluster to it.

Nothing else in the file changes. So the count survives the next `up`, and who changed it is in the file's history.
"""

import click

from tools.cli import stack
from tools.engine.stack import Stack
from tools.scale import scale


@click.command(help=__doc__)
@stack
@click.argument("model")
@click.argument("replicas", type=int)
def command(stack: Stack, model: str, replicas: int) -> None:
    print(f"{scale(stack.file, model, replicas)}; now: make up STACK={stack.name}")
