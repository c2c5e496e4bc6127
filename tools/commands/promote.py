"""Make a model's canary the version that all requests go to.

Changes the model's entry in the stack file and nothing else in it; `up` then brings the cluster to it.
"""

import click

from tools import release
from tools.cli import stack
from tools.engine.stack import Stack


@click.command(help=__doc__)
@stack
@click.argument("model")
def command(stack: Stack, model: str) -> None:
    print(f"{release.promote(stack.file, model)}; now: make up STACK={stack.name}")
