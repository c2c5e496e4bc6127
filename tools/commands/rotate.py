"""Turn a secret of the stack over: database, tracking-admin, signing-key, store, authority, api-key:NAME or all.

The count of it in the stack file is raised, and `up` makes the new one. A client's key before is taken until the next
time, unless --at-once takes it back now.
"""

import click

from tools.cli import stack
from tools.engine.stack import Stack
from tools.lifecycle import verbs
from tools.rotate import rotate


@click.command(help=__doc__)
@stack
@click.argument("what")
@click.option("--at-once", is_flag=True, help="Take a client's key before back too, as one that has leaked.")
@click.option("--no-up", is_flag=True, help="Write the stack file alone.")
def command(stack: Stack, what: str, at_once: bool, no_up: bool) -> int:
    print("\n".join(rotate(stack, what, at_once=at_once)), flush=True)
    return 0 if no_up else verbs.run("up", stack, ())
