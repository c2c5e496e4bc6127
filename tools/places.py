"""Where a stack's pages are, for a browser."""

import os
import urllib.parse
from collections.abc import Mapping
from typing import Any

from components.errors import SlipwayError
from tools.engine import state
from tools.engine.backend import environment
from tools.engine.stack import Stack

_LOGINS = {"mlflow": ("admin", "trackingPassword"), "grafana": ("admin", "grafanaPassword")}


def places(outputs: Mapping[str, Any]) -> dict[str, str]:
    """Every page by its name: mlflow, grafana where there is one, and the documentation of each model's server."""
    found = {"mlflow": outputs.get("tracking"), "grafana": outputs.get("grafana")}
    models = {name: docs(model["url"], model["host"]) for name, model in (outputs.get("models") or {}).items()}
    return {name: url for name, url in {**found, **models}.items() if url}


def docs(url: str, host: str) -> str:
    """The page of a model's server that describes its requests; browsers know `*.localhost` by themselves."""
    parts = urllib.parse.urlsplit(url)
    port = f":{parts.port}" if parts.port else ""
    place = f"{host}{port}" if host.endswith(".localhost") else parts.netloc
    return f"{parts.scheme}://{place}{parts.path.removesuffix('/infer')}/docs"


def place(stack: Stack, what: str) -> tuple[str, tuple[str, str] | None]:
    """The page's address, and user and password where it asks for them. Raises SlipwayError."""
    outputs = state.outputs(stack, environment(stack, stack.content, os.environ), "--show-secrets")
    known = places(outputs)
    if what not in known:
        remedy = f"there are {', '.join(known)}" if known else f"make up STACK={stack.name}"
        raise SlipwayError(f"{stack.name} has no page {what}", remedy=remedy)
    user, password = _LOGINS.get(what, ("", ""))
    return known[what], (user, outputs[password]) if outputs.get(password) else None
