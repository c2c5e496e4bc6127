"""Write every manifest of a stack, charts included.

Runs the program without an engine and renders its Helm charts, so that a change can be read as a diff of two folders.
No cluster is needed, and no secret is written. Charts that cannot be reached are listed in NOT-RENDERED.txt.
"""

import sys
from pathlib import Path

import click

from tools.cli import stack
from tools.engine.stack import Stack
from tools.render.folder import NOT_RENDERED, write
from tools.render.stack import render


@click.command(help=__doc__)
@stack
@click.option("--to", type=click.Path(path_type=Path), metavar="FOLDER", help="Default: rendered/STACK.")
@click.option("--all", "whole", is_flag=True, help="Fail when a chart cannot be reached.")
def command(stack: Stack, to: Path | None, whole: bool) -> int:
    folder = to or Path("rendered") / stack.name
    rendering = render(stack.file)
    print(f"{folder}: {write(rendering, folder)} files")
    for release in rendering.releases:
        if why := rendering.missing.get(release.key):
            print(f"not rendered: {release}: {why}", file=sys.stderr)
    if rendering.missing:
        print(f"{len(rendering.missing)} charts are missing; {folder / NOT_RENDERED} lists them", file=sys.stderr)
    return 1 if rendering.missing and whole else 0
