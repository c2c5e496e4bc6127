"""The lock of a stack that was being made, and is not there yet: Pulumi cancels none of a stack it does not know."""

import tempfile
from collections.abc import Mapping
from pathlib import Path

from components.clients.process import run


def unlock(project: str, stack: str, env: Mapping[str, str]) -> None:
    """Have the stack be there for a moment: one that is renamed needs no lock of its new name. Raises CommandFailed."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "Pulumi.yaml").write_text(f"name: {project}\nruntime: python\n")
        other = f"{stack}-unlocking"
        for command in (
            ["stack", "init", other, "--no-select"],
            ["stack", "rename", stack, "--stack", other],
            ["cancel", "--yes", "--stack", stack],
            ["stack", "rm", stack, "--yes"],
        ):
            run(["pulumi", *command, "--non-interactive"], env=env, cwd=folder, timeout=None)
