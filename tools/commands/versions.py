"""Write docs/versions.md: every pin, where it was seen published and until when it is supported."""

import click

from tools.files import write_whole
from tools.versions_page import PAGE, page


@click.command(help=__doc__)
def command() -> None:
    write_whole(PAGE, page())
    print(PAGE)
