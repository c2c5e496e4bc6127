"""Begin a model of your own: a folder with a script that trains, proves and registers one."""

import click

from tools.new_model import new_model


@click.command(help=__doc__)
@click.argument("name")
def command(name: str) -> None:
    print(new_model(name))
