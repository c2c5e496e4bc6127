"""What `up` of an embedded stack ends with: the proof, what was real, what was not, what to try next."""

import json
from collections.abc import Mapping
from typing import Any

from components.dynamic.prediction import Refused, request

REAL = (
    "the Pulumi program and its provider; etcd, the API server and the controllers (HPA too); MLflow, the training, "
    "the registered model, MLServer and its answer"
)
SIMULATED = "the node and its pods (KWOK): no image is pulled, no container runs; KServe is a kind only"


def refusal(model: Mapping[str, Any]) -> str:
    """What the server says to a plain vector, in place of the [1, n] that the model takes. "" for no example."""
    example = json.loads(model["example"])
    if not example:
        return ""
    first = example["inputs"][0]
    row = first["data"][0] if isinstance(first["data"][0], list) else first["data"]
    try:
        request(model["url"], model["host"], {"inputs": [{**first, "shape": [len(row)], "data": row}]})
    except Refused as error:
        return str(error)
    except OSError as error:
        return f"no answer: {error}"
    return "the model took it"


def text(outputs: Mapping[str, Any], kubeconfig: str) -> str:
    lines = []
    # One server answers for all of them.
    for name, model in list(outputs.get("models", {}).items())[:1]:
        if said := refusal(model):
            lines += [f"A plain vector, to {name}: {said}"]
    return "\n".join(
        [
            *lines,
            "",
            f"Real: {REAL}.",
            f"Simulated: {SIMULATED}.",
            "",
            "Next:",
            "  make preview               what another `up` would change: nothing",
            f"  KUBECONFIG={kubeconfig} .tools/bin/kubectl get pods,hpa --all-namespaces",
            "  make up STACK=dev          the same on a real cluster (kind), with a container engine",
            "  make destroy               stop and remove all of this",
        ]
    )
