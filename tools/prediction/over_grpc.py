"""A V2 request over gRPC, and its answer as HTTP has it.

The gateway leads HTTP alone to the models, so a pod is asked itself, through the cluster's API; on the local stack, the
model's server.
"""

import contextlib
from collections.abc import Iterator
from typing import Any

import grpc
from mlserver.grpc.converters import ModelInferRequestConverter, ModelInferResponseConverter
from mlserver.grpc.dataplane_pb2_grpc import GRPCInferenceServiceStub
from mlserver.types import InferenceRequest, ResponseOutput

from components.clients.cluster_api import POD
from components.clients.pod_streams import forwarded
from components.dynamic.prediction import Refused
from components.errors import SlipwayError
from components.serving.protocol import MODEL
from tools.embedded.stack import EmbeddedStack
from tools.engine.cluster import reachable
from tools.engine.stack import Stack
from tools.status import MODEL_LABEL

# As the image sets it.
_PORT = 8081
_SECONDS = 60
# What is the request's fault, of https://grpc.github.io/grpc/core/md_doc_statuscodes.html
_ASKED_WRONG = {grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.NOT_FOUND, grpc.StatusCode.OUT_OF_RANGE}


@contextlib.contextmanager
def address(stack: Stack, namespace: str, name: str) -> Iterator[str]:
    """Where a server of the model listens, for as long as the context is open. Raises SlipwayError."""
    if stack.embedded:
        yield f"127.0.0.1:{EmbeddedStack.of(stack.file).ports['model-grpc']}"
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
    with forwarded(cluster, namespace, min(ready), _PORT) as port:
        yield f"127.0.0.1:{port}"


def ask(address: str, body: dict[str, Any]) -> dict[str, Any]:
    """The model's answer. Raises Refused, and SlipwayError where nothing answers."""
    inputs = [{**each, "data": list(_flat(each["data"]))} for each in body["inputs"]]
    if None in (value for each in inputs for value in each["data"]):
        raise SlipwayError("a tensor of gRPC holds no null", remedy="ask over HTTP, without --grpc")
    question = ModelInferRequestConverter.from_types(
        InferenceRequest.model_validate({**body, "inputs": inputs}), model_name=MODEL
    )
    with grpc.insecure_channel(address) as channel:
        try:
            found = GRPCInferenceServiceStub(channel).ModelInfer(question, timeout=_SECONDS, wait_for_ready=True)
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
