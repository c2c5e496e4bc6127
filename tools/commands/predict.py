"""Ask a stack's models for a prediction.

Without a file the model's own example is asked again. FILE holds a V2 request, {"inputs": [...]}; what the server says
against it is printed as it is.
"""

from pathlib import Path

import click

from tools.cli import stack
from tools.engine.stack import Stack
from tools.predict import predictions


@click.command(help=__doc__)
@stack
@click.option("--model", help="One model; default: every one.")
@click.option("--inputs", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE")
def command(stack: Stack, model: str | None, inputs: Path | None) -> None:
    for name, answer in predictions(stack, model, inputs):
        print(f"{name}: {answer}")
