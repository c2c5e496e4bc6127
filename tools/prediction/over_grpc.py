"""A V2 request over gRPC, and its answer as HTTP has it.

By the gateway, where it leads gRPC to the model (`grpc: true`); else a pod is asked itself, through the cluster's API,
and on the local stack the model's server.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import grpc
from mlserver.grpc.converters import ModelInferRequestConverter, ModelInferResponseConverter
from mlserver.grpc.dataplane_pb2_grpc import GRPCInferenceServiceStub
from mlserver.types import InferenceRequest, ResponseOutput

from components.clients.cluster_api import POD
from components.clients.pod_streams import forwarded
from components.dynamic.prediction import Access, Refused
from components.errors import SlipwayError
from components.serving.protocol import GRPC_PORT, MODEL
from tools.embedded.stack import EmbeddedStack
from tools.engine.cluster import reachable
from tools.engine.stack import Stack
from tools.status import MODEL_LABEL

_SECONDS = 60
# What is the request's fault, of https://grpc.github.io/grpc/core/md_doc_statuscodes.html
_ASKED_WRONG = {grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.NOT_FOUND, grpc.StatusCode.OUT_OF_RANGE}


@dataclass(frozen=True)
class Way:
    """Where a model is asked; at the gateway by its `host`, and with what that asks for (None without TLS)."""

    address: str
    host: str | None = None
    by: Access | None = None

    @classmethod
    def of_gateway(cls, url: str, host: str, by: Access | None) -> "Way":
        """The one on which HTTP is asked at `url`."""
        asked = urlsplit(url)
        port = asked.port or (443 if asked.scheme == "https" else 80)
        return cls((by and by.address) or f"{asked.hostname}:{port}", host, by)

    def channel(self) -> grpc.Channel:
        options = [("grpc.default_authority", self.host)] if self.host else []
        if not self.by:
            return grpc.insecure_channel(self.address, options)
        trusted = grpc.ssl_channel_credentials(self.by.ca.encode() or None)
        return grpc.secure_channel(self.address, trusted, [*options, ("grpc.ssl_target_name_override", self.host)])

    @property
    def metadata(self) -> list[tuple[str, str]]:
        return [("authorization", f"Bearer {self.by.key}")] if self.by and self.by.key else []


@contextlib.contextmanager
def of_pod(stack: Stack, namespace: str, name: str) -> Iterator[Way]:
    """To a server of the model, for as long as the context is open. Raises SlipwayError."""
    if stack.embedded:
        yield Way(f"127.0.0.1:{EmbeddedStack.of(stack.file).ports['model-grpc']}")
        return
    cluster = reachable(stack)
    pods = cluster.list(POD, namespace, labels=f"{MODEL_LABEL}={name}") if cluster else []
    ready = [
        each["metadata"]["name"]
        for each in pods
        if any(c["type"] == "Ready" and c["status"] == "True" for c in each["status"].get("conditions", ()))
    ]
    if not cluster or not ready:
        raise SlipwayError(f"no pod of {name} is ready in {namespace}", remedy="ask over HTTP, which wakes one up")
    with forwarded(cluster, namespace, min(ready), GRPC_PORT) as port:
        yield Way(f"127.0.0.1:{port}")


def ask(way: Way, body: dict[str, Any]) -> dict[str, Any]:
    """The model's answer. Raises Refused, and SlipwayError where nothing answers."""
    inputs = [{**each, "data": list(_flat(each["data"]))} for each in body["inputs"]]
    if None in (value for each in inputs for value in each["data"]):
        raise SlipwayError("a tensor of gRPC holds no null", remedy="ask over HTTP, without --grpc")
    question = ModelInferRequestConverter.from_types(
        InferenceRequest.model_validate({**body, "inputs": inputs}), model_name=MODEL
    )
    with way.channel() as channel:
        infer = GRPCInferenceServiceStub(channel).ModelInfer
        try:
            found = infer(question, timeout=_SECONDS, wait_for_ready=True, metadata=way.metadata)
        except grpc.RpcError as error:
            said = f"the model answered {error.code().name} over gRPC: {error.details()}"
            raise Refused(said) if error.code() in _ASKED_WRONG else SlipwayError(said) from None
    answer = ModelInferResponseConverter.to_types(found)
    plain: dict[str, Any] = answer.model_dump(exclude_none=True, exclude={"outputs"})
    return {**plain, "outputs": [_plain(each) for each in answer.outputs]}


def _plain(output: ResponseOutput) -> dict[str, Any]:
    data = [each.decode() if isinstance(each, bytes) else each for each in output.data]
    return {**output.model_dump(exclude_none=True, exclude={"data"}), "data": data}


def _flat(data: Any) -> Iterator[Any]:
    """Row by row: over gRPC a tensor is a list, its shape says what it is, and text is bytes."""
    for each in data:
        if isinstance(each, list):
            yield from _flat(each)
        else:
            yield each.encode() if isinstance(each, str) else each
