"""Check the settings of stacks, without Pulumi: one line for each fault, with its key and what to write.

A TARGET is a stack, or a stack file; default: every stack of this folder.
"""

from pathlib import Path

import click

from tools import check, stack_file


@click.command(help=__doc__)
@click.argument("targets", nargs=-1, metavar="[TARGET]...")
def command(targets: tuple[str, ...]) -> int:
    files = [Path(each) if _is_file(each) else stack_file.path_of(each) for each in targets]
    found = [fault for file in files or stack_file.every() for fault in check.faults(file)]
    for fault in found:
        print(fault)
    return 1 if found else 0


def _is_file(target: str) -> bool:
    return "/" in target or target.endswith((".yaml", ".yml"))
