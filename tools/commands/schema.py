"""Print the JSON schema of the stack files, for editors."""

import json

import click

from tools.schema import schema


@click.command(help=__doc__)
def command() -> None:
    print(json.dumps(schema(), indent=2))
