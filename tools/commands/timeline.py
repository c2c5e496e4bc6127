"""Show how long the last `up` of a stack took, and what it waited for.

Printed is the critical path: the chain of resources in which each waited for the one before. --svg writes a picture of
all of them.
"""

import os
from pathlib import Path

import click

from tools.cli import stack
from tools.engine import state
from tools.engine.backend import environment
from tools.engine.stack import Stack
from tools.files import write_whole
from tools.timeline.picture import svg
from tools.timeline.spans import critical_path, read


@click.command(help=__doc__)
@stack
@click.option("--svg", "picture", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE")
def command(stack: Stack, picture: Path | None) -> None:
    spans = read(stack.events, state.resources(stack, environment(stack, stack.content, os.environ)))
    total = max((span.end for span in spans), default=0)
    print(f"{stack.name}: {len(spans)} resources worked on in {total} s; the last `up` waited for")
    for span in critical_path(spans):
        print(f"{span.start:>5} s  +{span.seconds:<4}  {span.kind} {span.name}")
    if picture:
        write_whole(picture, svg(spans, f"{stack.name}: {total} s"))
        print(picture)
