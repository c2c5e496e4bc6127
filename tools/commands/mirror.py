"""Copy every image and chart of a stack into a registry.

Digests are kept. What is there already is left, so an interrupted run goes on where it stopped.
"""

import sys

import click

from tools.cli import stack
from tools.engine.stack import Stack
from tools.mirror import OCI, mirror


@click.command(help=__doc__)
@stack
@click.option("--to", metavar="REGISTRY", help="Default: the stack's slipway:imageMirror.")
@click.option("--charts-to", metavar="OCI", help="Default: the stack's slipway:chartMirror, else oci://TO/charts.")
@click.option("--from", "images_from", metavar="REGISTRY", help="Another mirror of the images.")
@click.option("--charts-from", metavar="OCI", help="Another mirror of the charts.")
def command(
    stack: Stack, to: str | None, charts_to: str | None, images_from: str | None, charts_from: str | None
) -> int:
    target = to or stack.values.get("imageMirror")
    if not target:
        raise click.UsageError("name a registry: --to, or slipway:imageMirror in the stack file")
    own = None if to else stack.values.get("chartMirror")
    failed = mirror(stack.file, target, charts_to or own or f"{OCI}{target}/charts", images_from, charts_from)
    for each in failed:
        print(f"FAILED  {each}", file=sys.stderr)
    if failed:
        print(f"{len(failed)} failed; the same command tries them again", file=sys.stderr)
    return 1 if failed else 0
