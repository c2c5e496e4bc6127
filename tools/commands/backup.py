"""Take a backup of what MLflow knows: its database, users and their passwords' hashes with it, and all artifacts.

Both are of one moment, and every model that the database knows has its files in it. A backup is a folder that this user
alone reads; its manifest.json has the checksum of each file. Whoever has it has what MLflow has.
"""

import click

from tools.cli import stack
from tools.engine.stack import Stack


@click.command(help=__doc__)
@stack
@click.option(
    "--to",
    metavar="PLACE",
    help="A new folder, or s3://bucket/path; default: a folder with the time, in slipway:backups.",
)
def command(stack: Stack, to: str | None) -> None:
    from tools.backup.stacks import backup, described

    where, manifest = backup(stack, to)
    print(f"{where}: {described(manifest)}")
    print(f"To have it back in an empty stack: make restore STACK={stack.name} FROM={where}")
