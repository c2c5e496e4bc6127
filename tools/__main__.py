"""`python -m tools COMMAND STACK …`."""

from tools.cli import commands

commands(prog_name="python -m tools")
