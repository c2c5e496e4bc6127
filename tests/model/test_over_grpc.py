"""V2 over gRPC, on both servers: what goes in and what comes out is what HTTP has."""

import json
import math
import struct
import sys
from collections.abc import Iterator
from typing import Any

import cloudpickle
import grpc
import mlflow
import numpy as np
import pandas as pd
import pytest
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, DataType, Schema, TensorSpec
from mlserver.grpc.dataplane_pb2 import InferTensorContents, ModelInferRequest, ModelInferResponse
from mlserver.grpc.dataplane_pb2_grpc import GRPCInferenceServiceStub

from tests.model import cases
from tests.model.cases import Returning
from tests.model.conftest import Serve
from tests.model.server import ModelServer

pytestmark = pytest.mark.model

Tensor = ModelInferRequest.InferInputTensor
NUMBERS = InferTensorContents(fp64_contents=[1.5, math.nan])
TEXTS = InferTensorContents(bytes_contents=[b"a", "ü".encode()])


def answer_of_every_kind(data: pd.DataFrame) -> dict[str, Any]:
    if (data["text"] == "fail").any():
        raise ConnectionError("the feature store is down")
    return {
        "number": data["number"].to_numpy(),
        "text": data["text"].tolist(),
        "texts with a null": ["a", None],
        "flags with a null": [True, None],
        "days with a null": [pd.Timestamp("2026-11-26"), None],
        "small": np.array([0.5, 1.5], np.float16),
        "bytes": [b"\x00\xff"],
        "whole": np.array([2**53 + 1]),
        "byte": np.array([255], np.uint8),
        "ragged": [[1], [2, 3]],
    }


@pytest.fixture(scope="module", params=["mlserver", "kserve"])
def everything(
    request: pytest.FixtureRequest, serve: Serve, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ModelServer]:
    folder = tmp_path_factory.mktemp("everything") / "model"
    # The server's processes know nothing of the tests.
    for module in (cases, sys.modules[__name__]):
        cloudpickle.register_pickle_by_value(module)
    columns: list[ColSpec | TensorSpec] = [ColSpec(DataType.double, "number"), ColSpec(DataType.string, "text")]
    mlflow.pyfunc.save_model(
        str(folder),
        python_model=Returning(answer_of_every_kind),
        signature=ModelSignature(inputs=Schema(columns)),
        pip_requirements=["mlflow"],
    )
    with serve(folder, request.param) as running:
        yield running


@pytest.fixture
def stub(everything: ModelServer) -> Iterator[GRPCInferenceServiceStub]:
    with grpc.insecure_channel(everything.grpc) as channel:
        yield GRPCInferenceServiceStub(channel)


def request(numbers: InferTensorContents = NUMBERS, texts: InferTensorContents = TEXTS) -> ModelInferRequest:
    inputs = [
        Tensor(name="number", datatype="FP64", shape=[2], contents=numbers),
        Tensor(name="text", datatype="BYTES", shape=[2, 1], contents=texts),
    ]
    return ModelInferRequest(model_name="mlflow-model", id="mine", inputs=inputs)


def read(answer: ModelInferResponse) -> dict[str, Any]:
    """Each output's datatype, what its text means, and its elements."""
    found = {}
    for each in answer.outputs:
        values = [list(content) for _, content in each.contents.ListFields()]
        meaning = each.parameters["content_type"].string_param if "content_type" in each.parameters else ""
        found[each.name] = (each.datatype, meaning, values[0] if values else [])
    return found


def test_every_kind_of_output_is_told_and_a_null_is_nan_or_json(stub: GRPCInferenceServiceStub) -> None:
    answer = stub.ModelInfer(request(), timeout=30)
    assert answer.id == "mine"
    found = read(answer)
    datatype, _, numbers = found.pop("number")
    assert datatype == "FP64"
    assert numbers[0] == 1.5
    assert math.isnan(numbers[1])
    assert found == {
        "text": ("BYTES", "str", [b"a", "ü".encode()]),
        "texts with a null": ("BYTES", "pd_json", [b'"a"', b"null"]),
        "flags with a null": ("BYTES", "pd_json", [b"true", b"null"]),
        "days with a null": ("BYTES", "pd_json", [b'"2026-11-26T00:00:00"', b"null"]),
        "small": ("FP32", "", [0.5, 1.5]),
        "bytes": ("BYTES", "base64", [b"AP8="]),
        "whole": ("INT64", "", [2**53 + 1]),
        "byte": ("UINT8", "", [255]),
        "ragged": ("BYTES", "pd_json", [b"[1]", b"[2, 3]"]),
    }


def test_over_http_a_null_is_a_null(everything: ModelServer) -> None:
    answer = everything.infer(
        {"name": "number", "datatype": "FP64", "shape": [1], "data": [None]},
        {"name": "text", "datatype": "BYTES", "shape": [1], "data": ["a"]},
    )
    data = {each["name"]: (each["datatype"], each["data"]) for each in answer.json["outputs"]}
    assert data["number"] == ("FP64", [None])
    assert data["texts with a null"] == ("BYTES", ["a", None])
    assert data["flags with a null"] == ("BOOL", [True, None])
    assert data["small"] == ("FP16", [0.5, 1.5])


def test_raw_contents_are_taken(stub: GRPCInferenceServiceStub) -> None:
    asked = request(InferTensorContents(), InferTensorContents())
    texts = b"".join(struct.pack("<I", len(each)) + each for each in (b"a", b"bc"))
    asked.raw_input_contents.extend([struct.pack("<2d", 1.5, 2.5), texts])
    answer = stub.ModelInfer(asked, timeout=30)
    raw = dict(zip((each.name for each in answer.outputs), answer.raw_output_contents, strict=False))
    numbers = raw.get("number") or struct.pack("<2d", *read(answer)["number"][2])
    assert numbers == struct.pack("<2d", 1.5, 2.5)


@pytest.mark.parametrize(
    ("asked", "status", "reason"),
    [
        (request(numbers=InferTensorContents(fp64_contents=[1.5])), grpc.StatusCode.INVALID_ARGUMENT, "its data has 1"),
        (
            request(texts=InferTensorContents(bytes_contents=[b"fail", b"a"])),
            grpc.StatusCode.INTERNAL,
            "The model failed with ConnectionError; the rest is in its log.",
        ),
    ],
    ids=["the request's fault", "the model's fault"],
)
def test_an_error_says_whose_fault_it_is_and_repeats_no_metadata(
    asked: ModelInferRequest,
    status: grpc.StatusCode,
    reason: str,
    stub: GRPCInferenceServiceStub,
    everything: ModelServer,
) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        stub.ModelInfer(asked, timeout=30, metadata=[("authorization", "Bearer s3cret-token")])
    assert caught.value.code() == status
    assert reason in caught.value.details()
    assert "s3cret" not in caught.value.details() + everything.process.log.read_text()


def test_the_metadata_says_what_the_model_takes(stub: GRPCInferenceServiceStub) -> None:
    from mlserver.grpc.dataplane_pb2 import ModelMetadataRequest

    said = stub.ModelMetadata(ModelMetadataRequest(name="mlflow-model"), timeout=30)
    assert [(each.name, each.datatype, list(each.shape)) for each in said.inputs] == [
        ("number", "FP64", [-1, 1]),
        ("text", "BYTES", [-1, 1]),
    ]


def test_json_of_a_null_is_read_back(stub: GRPCInferenceServiceStub) -> None:
    texts = read(stub.ModelInfer(request(), timeout=30))["texts with a null"][2]
    assert [json.loads(each) for each in texts] == ["a", None]
