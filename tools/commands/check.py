"""Check the settings of stacks, without Pulumi: one line for each fault, with its key and what to write.

A TARGET is a stack, or a stack file; default: every stack of this folder.
"""

import click

from tools import check, stack_file


@click.command(help=__doc__)
@click.argument("targets", nargs=-1, metavar="[TARGET]...")
def command(targets: tuple[str, ...]) -> int:
    files = [stack_file.named(each) for each in targets]
    found = [fault for file in files or stack_file.every() for fault in check.faults(file)]
    for fault in found:
        print(fault)
    return 1 if found else 0
