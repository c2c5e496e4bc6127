"""What a stack says of its models."""

import json
from collections.abc import Mapping
from typing import Any


def text(outputs: Mapping[str, Any], stack: str) -> str:
    """What `up` ends with: every model's answer and the command that gets it again."""
    lines = [f"MLflow: {outputs['tracking']}"] if "tracking" in outputs else []
    if "trackingPassword" in outputs:
        lines.append("  user admin, whose password is the output trackingPassword (shown with --show-secrets)")
    for name, model in outputs.get("models", {}).items():
        lines += ["", f"{name}, version {model['version']}, {_said(model)}"]
        if canary := model.get("canary"):
            share = f"gets {canary['percent']} % of the requests"
            lines.append(f"{name}, its canary, version {canary['version']}, {share} and {_said(canary)}")
    if "apiKeys" in outputs:
        lines += ["", f"The key is asked for: export SLIPWAY_KEY=$(make -s key STACK={stack})"]
    return "\n".join(lines)


def _said(model: Mapping[str, Any]) -> str:
    if not model["curl"]:
        return f"is loaded at {model['url']}; it has no example of its own to be asked with"
    return f"predicts {json.loads(model['answer'])['outputs'][0]['data']}\n  {model['curl']}"
