"""Check the settings of stacks, without Pulumi: one line for each fault, with its key and what to write.

What is no fault and has no effect is noted. A TARGET is a stack, or a stack file; default: every stack of this folder.
"""

import sys

import click

from tools import check, stack_file


@click.command(help=__doc__)
@click.argument("targets", nargs=-1, metavar="[TARGET]...")
def command(targets: tuple[str, ...]) -> int:
    files = [stack_file.named(each) for each in targets]
    faulty = False
    for file in files or stack_file.every():
        found = check.faults(file)
        faulty = faulty or bool(found)
        for fault in found:
            print(fault)
        for note in () if found else check.notes(file):
            print(f"note: {note}", file=sys.stderr)
    return int(faulty)
