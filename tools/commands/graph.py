"""Draw the stack as a picture (SVG): clients, gateway, models with their versions, MLflow, database and store."""

import os
from pathlib import Path

import click

from components.settings import parse_settings
from tools.cli import stack
from tools.engine import state
from tools.engine.backend import environment
from tools.engine.stack import Stack
from tools.files import write_whole
from tools.graph import boxes, svg


@click.command(help=__doc__)
@stack
@click.option("--to", type=click.Path(path_type=Path), metavar="FILE", help="Default: STACK.svg.")
def command(stack: Stack, to: Path | None) -> None:
    outputs = state.outputs(stack, environment(stack, stack.content, os.environ))
    file = to or Path(f"{stack.name}.svg")
    write_whole(file, svg(boxes(parse_settings(stack.values), outputs), f"Slipway: {stack.name}"))
    print(file)
