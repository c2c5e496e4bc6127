"""Give a version a share of a model's requests: canary dev wine models:/wine/2 10.

Changes the model's entry in the stack file and nothing else in it; `up` then brings the cluster to it.
"""

import click

from tools import release
from tools.cli import stack
from tools.engine.stack import Stack


@click.command(help=__doc__)
@stack
@click.argument("model")
@click.argument("source")
@click.argument("percent", type=int)
def command(stack: Stack, model: str, source: str, percent: int) -> None:
    print(f"{release.canary(stack.file, model, source, percent)}; now: make up STACK={stack.name}")
