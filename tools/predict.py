"""A stack's models, asked for predictions."""

import contextlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from components.cluster.cluster import ingress_address
from components.dynamic.prediction import Access, request
from components.errors import SlipwayError
from components.settings import parse_settings
from components.settings.ingress import OWN
from tools.engine import state
from tools.engine.backend import environment
from tools.engine.stack import Stack
from tools.prediction import rows


@dataclass(frozen=True, kw_only=True)
class Served:
    """A model that answers; `inputs` are its example's tensors, None where it has no example."""

    name: str
    namespace: str
    url: str
    host: str
    inputs: Sequence[dict[str, Any]] | None
    by: Access | None
    # Whether the gateway leads gRPC to it.
    grpc: bool

    def question(self, file: Path | None) -> dict[str, Any]:
        """What to ask: the rows of a file, or the model's own example. Raises SlipwayError."""
        if file:
            return rows.request(file, self.inputs)
        if not self.inputs:
            raise SlipwayError(
                f"{self.name} has no example of its own",
                remedy="write rows or a V2 request into a file and name it with --inputs",
            )
        return {"inputs": self.inputs}

    def ask(self, body: dict[str, Any]) -> dict[str, Any]:
        """The model's answer. Raises Refused, and SlipwayError where nothing answers."""
        try:
            return request(self.url, self.host, body, self.by)
        except OSError as error:
            raise SlipwayError(f"{self.url} does not answer: {error}") from None

    @contextlib.contextmanager
    def asked(self, stack: Stack, *, by_grpc: bool) -> Iterator[Callable[[dict[str, Any]], dict[str, Any]]]:
        """`ask`, or the same over gRPC. Raises SlipwayError where nobody listens."""
        if not by_grpc:
            yield self.ask
            return
        from tools.prediction import over_grpc

        if self.grpc and not stack.embedded:
            yield partial(over_grpc.ask, over_grpc.Way.of_gateway(self.url, self.host, self.by))
            return
        with over_grpc.of_pod(stack, self.namespace, self.name) as way:
            yield partial(over_grpc.ask, way)


def access(outputs: dict[str, Any], address: str | None) -> Access | None:
    """What the stack's gateway asks for, with the key that the gate used; None without TLS."""
    if "certificateAuthority" not in outputs:
        return None
    return Access(address=address, ca=outputs["certificateAuthority"], key=outputs.get("apiKeys", {}).get(OWN))


def served(stack: Stack, model: str | None) -> list[Served]:
    """One model of the stack, or all. Raises SlipwayError where there is none."""
    env = environment(stack, stack.content, os.environ)
    outputs = state.outputs(stack, env, "--show-secrets")
    models = outputs.get("models", {})
    settings = parse_settings(stack.values)
    by = access(outputs, ingress_address(settings.cluster, settings.ingress))
    over_grpc = {each.name for each in settings.models if each.grpc}
    namespaces = {each.name: settings.namespace_of(each) for each in settings.models}
    if not models:
        raise SlipwayError(f"{stack.name} serves no model yet", remedy=f"make up STACK={stack.name}")
    if model and model not in models:
        raise SlipwayError(f"{stack.name} serves no model {model}; it serves: {', '.join(models)}")
    return [
        Served(
            name=name,
            namespace=namespaces.get(name, settings.namespaces.models),
            url=models[name]["url"],
            host=models[name]["host"],
            inputs=(json.loads(models[name]["example"]) or {}).get("inputs"),
            by=by,
            grpc=name in over_grpc,
        )
        for name in ([model] if model else models)
    ]
