"""The command line: every file of tools/commands/ is a command, and is imported when it is asked for."""

import ast
import functools
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tools.outcome import CODES, outcome

if TYPE_CHECKING:
    from tools.engine.stack import Stack

FOLDER = Path(__file__).parent / "commands"


class Commands(click.Group):
    """The group whose commands are files; what stops one of them is printed, and is the exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return sorted(path.stem.replace("_", "-") for path in FOLDER.glob("[a-z]*.py"))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        found: click.Command = import_module(f"tools.commands.{cmd_name.replace('-', '_')}").command
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list, read from the files: importing them all would take seconds."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary(name)) for name in self.list_commands(ctx)])

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Exit codes"):
            formatter.write_dl([(str(code), meaning) for code, meaning in CODES.items()])

    def invoke(self, ctx: click.Context) -> Any:
        ctx.exit(outcome(lambda: super(Commands, self).invoke(ctx)))


def summary(name: str) -> str:
    """The first line of a command's own text."""
    text = ast.get_docstring(ast.parse((FOLDER / f"{name.replace('-', '_')}.py").read_text())) or ""
    return text.partition("\n")[0]


def _stack(name: str) -> "Stack":
    from tools.engine.stack import Stack

    return Stack(name)


def scratched(function: Callable[..., int | None]) -> Callable[..., int | None]:
    """What the command writes beside what it is for is gone at its end, whatever ends it."""

    @functools.wraps(function)
    def within(*arguments: Any, **options: Any) -> int | None:
        from tools.engine.scratch import scratch

        with scratch():
            return function(*arguments, **options)

    return within


def stack(function: Callable[..., int | None]) -> Callable[..., int | None]:
    """The argument that names a stack, of a command that leaves nothing else."""
    return click.argument("stack", type=_stack)(scratched(function))


# What a command hands on to Pulumi as it is.
extra = click.argument("extra", nargs=-1, type=click.UNPROCESSED, metavar="[PULUMI'S OPTIONS]")
PASSES_ON = {"ignore_unknown_options": True}


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
def commands() -> None:
    """Slipway's tools: COMMAND first, then the stack that it is for."""
