"""The program, run on the committed stack files."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tools import recording, stack_file
from tools.recording import Registration, Run, run

__all__ = ["Registration", "Run", "run", "run_stack"]


def run_stack(stack: str, changes: Mapping[str, Any] | None = None) -> Run:
    """Run the whole program on a committed stack file, with `changes` in place of some of its values."""
    config = stack_file.settings_of(yaml.safe_load(Path(f"Pulumi.{stack}.yaml").read_text()))
    return recording.run_stack(stack, {**config, **(changes or {})})
