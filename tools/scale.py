"""A model's fixed count of replicas, written into the stack file."""

from pathlib import Path

from ruamel.yaml.comments import CommentedMap

from components.errors import SlipwayError
from tools import stack_edit


def scale(path: Path, model: str, replicas: int) -> str:
    """Change the stack's file, unless the settings would be wrong then. Raises SlipwayError."""
    if replicas < 1:
        raise SlipwayError(f"{replicas} replicas: write at least 1 (only Knative's class kpa scales to zero)")

    def edit(entry: CommentedMap) -> None:
        if entry.get("autoscaling"):
            raise SlipwayError(
                f"{model} has `autoscaling`, which owns the count: change its min and max, or remove it and then scale"
            )
        stack_edit.put(entry, "replicas", replicas)

    return f"{stack_edit.change(path, model, edit)}: {model} has replicas: {replicas}"
