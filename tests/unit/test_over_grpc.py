"""Where and as whom a model is asked over gRPC."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest
from mlserver.grpc.dataplane_pb2 import ModelInferRequest, ModelInferResponse
from mlserver.grpc.dataplane_pb2_grpc import GRPCInferenceServiceServicer, add_GRPCInferenceServiceServicer_to_server

from components.dynamic.prediction import Access
from tools.prediction.over_grpc import Way, ask

HOST = "wine-models.models.test"
URL = f"https://{HOST}:8443/v2/models/mlflow-model/infer"


class Model(GRPCInferenceServiceServicer):  # type: ignore[misc]
    """Keeps what it was told beside the question."""

    told: tuple[tuple[str, str], ...] = ()

    def ModelInfer(self, request: ModelInferRequest, context: Any) -> ModelInferResponse:
        self.told = tuple(context.invocation_metadata())
        return ModelInferResponse(model_name=request.model_name, model_version="1")


@pytest.fixture
def model() -> Iterator[tuple[Model, int]]:
    server, served = grpc.server(ThreadPoolExecutor(1)), Model()
    add_GRPCInferenceServiceServicer_to_server(served, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield served, port
    server.stop(None)


def test_the_gateway_is_asked_where_http_is_asked() -> None:
    assert Way.of_gateway(f"http://127.0.0.1:8080{'/v2'}", HOST, None).address == "127.0.0.1:8080"
    assert Way.of_gateway(f"http://{HOST}/v2", HOST, None).address == f"{HOST}:80"
    assert Way.of_gateway(URL, HOST, Access(address="127.0.0.1:8443")).address == "127.0.0.1:8443"
    assert Way.of_gateway(f"https://{HOST}/v2", HOST, Access()).address == f"{HOST}:443"


def test_the_answer_is_as_http_has_it(model: tuple[Model, int]) -> None:
    served, port = model
    tensor = {"name": "x", "shape": [1], "datatype": "FP64", "data": [1.0]}
    answer = ask(Way(f"127.0.0.1:{port}", HOST), {"inputs": [tensor]})
    assert (answer["model_name"], answer["model_version"], answer["outputs"]) == ("mlflow-model", "1", [])
    assert "authorization" not in dict(served.told)


def test_the_key_goes_along_where_the_gateway_asks_for_one() -> None:
    assert Way("a:1", HOST, Access(key="k3y")).metadata == [("authorization", "Bearer k3y")]
    assert Way("a:1", HOST, Access()).metadata == []
    assert Way("a:1").metadata == []
