"""Serve one MLflow model folder on this machine, as its image would: no container, no cluster."""

import sys
from pathlib import Path

import click

from components.serving.plan import Wishes
from components.serving.servers import SERVERS
from tools.serve import serve


@click.command(help=__doc__)
@click.argument("model", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--port", default=8080, show_default=True, help="Of HTTP; gRPC and metrics are on the next two.")
@click.option("--python", help="Another Python than the one that the model was trained with.")
@click.option("--server", type=click.Choice(list(SERVERS)), help="Another server than the one that is chosen.")
def command(model: Path, port: int, python: str | None, server: str | None) -> None:
    sys.exit(serve(model, Wishes(python=python, server=server), port))
