"""Compare the versions that a stack has with those that it asks for.

Prints every version that changes and what the projects' rules say of it; exits with 1 when `up` would refuse.
"""

import os

import click

from tools import check
from tools.cli import stack
from tools.engine import state
from tools.engine.backend import environment
from tools.engine.stack import Stack
from tools.upgrades.comparison import compare


@click.command(help=__doc__)
@stack
def command(stack: Stack) -> int:
    check.require(stack.file)
    env = environment(stack, stack.content, os.environ)
    comparison = compare(stack, state.resources(stack, env))
    print(comparison)
    return 1 if comparison.refused else 0
