"""A model's fixed count of replicas, written into the stack file."""

from pathlib import Path

from components.errors import SlipwayError
from tools import stack_edit


def scale(path: Path, model: str, replicas: int) -> str:
    """Change the stack's file, unless the settings would be wrong then. Raises SlipwayError and StackFileError."""
    if replicas < 1:
        raise SlipwayError(f"{replicas} replicas: write at least 1 (to zero goes only Knative's class kpa)")

    def change(text: str) -> str:
        if stack_edit.value_of(stack_edit.entry_of(text, model), "autoscaling"):
            raise SlipwayError(
                f"{model} has `autoscaling`, which owns the count: change its min and max, or remove it and then scale"
            )
        return stack_edit.with_key(text, model, "replicas", str(replicas))

    return f"{stack_edit.rewrite(path, change)}: {model} has replicas: {replicas}"
