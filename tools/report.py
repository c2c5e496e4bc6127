"""What a stack says of its models."""

import json
from collections.abc import Mapping
from typing import Any


def text(outputs: Mapping[str, Any]) -> str:
    """What `up` ends with: every model's answer and the command that gets it again."""
    lines = [f"MLflow: {outputs['tracking']}"] if "tracking" in outputs else []
    for name, model in outputs.get("models", {}).items():
        answer = json.loads(model["answer"])
        data = answer["outputs"][0]["data"] if "outputs" in answer else answer
        lines += ["", f"{name}, version {model['version']}, predicts {data}", f"  {model['curl']}"]
    return "\n".join(lines)
