"""List every image and chart of a stack: version, digest, who uses it.

The digest is the one that its registry (or the stack's mirror) gives now. --lock writes the digests of the images into
the lock file, and every later `up` takes the images by them.
"""

import json
import sys

import click

from tools.cli import stack
from tools.engine.stack import Stack
from tools.images.listing import listed, lock_file, text, write_lock


@click.command(help=__doc__)
@stack
@click.option("--lock", is_flag=True, help="Write the digests into the stack's lock file.")
@click.option("--json", "as_json", is_flag=True, help="The list as JSON.")
def command(stack: Stack, lock: bool, as_json: bool) -> int:
    file = lock_file(stack.file, new=lock)
    lines, missing = listed(stack.file)
    print(json.dumps([vars(line) for line in lines], indent=2) if as_json else text(lines))
    for key, why in missing.items():
        print(f"images not listed: those of the chart {key}, which cannot be reached: {why}", file=sys.stderr)
    if not lock:
        return 0
    print(write_lock(lines, file), file=sys.stderr)
    return 1 if missing or any(line.kind == "image" and not line.digest for line in lines) else 0
