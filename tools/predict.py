"""Ask a stack's models for a prediction."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from components.cluster.cluster import ingress_address
from components.dynamic.api_keys import OWN
from components.dynamic.prediction import Access, request
from components.errors import SlipwayError
from components.settings import parse_settings
from tools.engine import state
from tools.engine.backend import environment
from tools.engine.stack import Stack


def access(outputs: dict[str, Any], address: str | None) -> Access | None:
    """What the stack's gateway asks for, with the key that the gate used; None without TLS."""
    if "certificateAuthority" not in outputs:
        return None
    return Access(address=address, ca=outputs["certificateAuthority"], key=outputs.get("apiKeys", {}).get(OWN))


def ask(model: dict[str, Any], body: dict[str, Any], by: Access | None) -> str:
    """The model's answer. Raises Refused, and SlipwayError where nothing answers."""
    try:
        return json.dumps(request(model["url"], model["host"], body, by))
    except OSError as error:
        raise SlipwayError(f"{model['url']} does not answer: {error}") from None


def example(model: dict[str, Any]) -> dict[str, Any]:
    """The request that the deployment made. Raises SlipwayError for a model without an example."""
    recorded = json.loads(model["example"])
    if not recorded:
        raise SlipwayError(
            "the model has no example of its own: write a V2 request into a file and name it with --inputs"
        )
    return {"inputs": recorded["inputs"]}


def predictions(stack: Stack, model: str | None, inputs: Path | None) -> Iterator[tuple[str, str]]:
    """The answers of one model, or of all. Raises SlipwayError."""
    env = environment(stack, stack.content, os.environ)
    outputs = state.outputs(stack, env, "--show-secrets")
    models = outputs.get("models", {})
    settings = parse_settings(stack.values)
    by = access(outputs, ingress_address(settings.cluster, settings.ingress))
    if not models:
        raise SlipwayError(f"{stack.name} serves no model yet: make up STACK={stack.name}")
    if model and model not in models:
        raise SlipwayError(f"{stack.name} serves no model {model}; it serves: {', '.join(models)}")
    for name in [model] if model else list(models):
        yield name, ask(models[name], _content(inputs) if inputs else example(models[name]), by)


def _content(file: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(file.read_text()))
    except ValueError as error:
        raise SlipwayError(f"{file} is no V2 request: {error}") from None
