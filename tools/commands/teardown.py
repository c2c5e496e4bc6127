"""Finish the destroy of a stack whose controllers are gone.

Shows what of the stack cannot go by itself, asks, removes the finalizers and webhooks that nobody answers for, runs
Pulumi's destroy and removes what is left. Nothing that is not the stack's is touched. Options after the stack go to
Pulumi's destroy as they are.
"""

from collections.abc import Sequence

import click

from tools.cli import PASSES_ON, extra, stack
from tools.engine.stack import Stack
from tools.lifecycle.teardown import finish


@click.command(help=__doc__, context_settings=PASSES_ON)
@stack
@click.option("--yes", is_flag=True, help="Do not ask.")
@extra
def command(stack: Stack, yes: bool, extra: Sequence[str]) -> int:
    return finish(stack, yes, extra)
