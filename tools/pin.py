"""What a stack's models hold now, written into its file."""

import os
from collections.abc import Mapping
from typing import Any

from ruamel.yaml.comments import CommentedMap

from components.errors import SlipwayError
from tools import stack_edit
from tools.engine import state
from tools.engine.backend import environment
from tools.engine.stack import Stack


def pin(stack: Stack, model: str | None = None) -> list[str]:
    """Write the digest of what is served, of one model or of all, and say what was written. Raises SlipwayError."""
    served = state.outputs(stack, environment(stack, stack.content, os.environ)).get("models", {})
    names = [model] if model else sorted(served)
    if not names or names[0] not in served:
        raise SlipwayError(f"{stack.name} serves no {model or 'model'} yet", remedy=f"make up STACK={stack.name}")
    return [_write(stack, name, served[name]) for name in names]


def _write(stack: Stack, name: str, known: Mapping[str, Any]) -> str:
    def edit(entry: CommentedMap) -> None:
        stack_edit.put(entry, "digest", known["digest"])
        if "canary" in known and entry.get("canary"):
            stack_edit.put(entry["canary"], "digest", known["canary"]["digest"])

    return f"{stack_edit.change(stack.file, name, edit)}: {name} must be {known['digest']}"
