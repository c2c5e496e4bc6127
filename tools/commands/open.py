"""Open a page of the stack: mlflow, grafana, or a model's name for the description of its requests.

Prints the address, and opens a browser at a terminal. --login prints user and password too.
"""

import sys

import click

from tools.cli import stack
from tools.engine.stack import Stack
from tools.places import place


@click.command(help=__doc__)
@stack
@click.argument("what", default="mlflow")
@click.option("--login", is_flag=True, help="Print user and password.")
def command(stack: Stack, what: str, login: bool) -> None:
    url, account = place(stack, what)
    print(url)
    if account and login:
        print(f"user {account[0]}, password {account[1]}")
    elif account:
        print("it asks for a password: --login prints it", file=sys.stderr)
    if sys.stdout.isatty():
        click.launch(url)
