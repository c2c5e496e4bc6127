"""V2 over gRPC, in the place of either server's own: both say the same, and what HTTP says, as far as gRPC has it.

Its messages have no null: NaN stands for it among floats, and what else has nulls is JSON, one text for each element.
Floats of 16 bits are only there among raw contents, which are answered in kind.
"""

from __future__ import annotations

import json
import math
import struct
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import grpc

from runtime.connection import Connection
from runtime.place import JSON, NAME
from runtime.problem import Problem

_CONTENTS = {
    "BOOL": "bool_contents",
    **dict.fromkeys(("INT8", "INT16", "INT32"), "int_contents"),
    **dict.fromkeys(("UINT8", "UINT16", "UINT32"), "uint_contents"),
    "INT64": "int64_contents",
    "UINT64": "uint64_contents",
    "FP32": "fp32_contents",
    "FP64": "fp64_contents",
    "BYTES": "bytes_contents",
}
_RAW = {
    "BOOL": "?", "INT8": "b", "INT16": "h", "INT32": "i", "INT64": "q", "UINT8": "B", "UINT16": "H", "UINT32": "I",
    "UINT64": "Q", "FP16": "e", "FP32": "f", "FP64": "d",
}  # fmt: skip


@dataclass(frozen=True)
class GrpcInference:
    """`messages` is the server's own module of V2's messages; `count` gets the seconds, and whether it was answered."""

    messages: ModuleType
    connection: Connection
    version: str | None
    count: Callable[[float, bool], None]

    async def infer(self, request: Any, context: Any) -> Any:
        began = time.perf_counter()
        answered = False
        try:
            outputs = await self.connection.infer(_plain(request))
            answer = self._answer(request, outputs)
            answered = True
        except Problem as problem:
            fault = grpc.StatusCode.INVALID_ARGUMENT if problem.status < 500 else grpc.StatusCode.INTERNAL
            await context.abort(fault, problem.message)
        finally:
            self.count(time.perf_counter() - began, answered)
        return answer

    def metadata(self) -> Any:
        said = self.connection.metadata
        tensor = self.messages.ModelMetadataResponse.TensorMetadata
        inputs, outputs = (
            [tensor(name=each["name"], datatype=each["datatype"], shape=each["shape"]) for each in said[side]]
            for side in ("inputs", "outputs")
        )
        versions = [self.version] if self.version else []
        return self.messages.ModelMetadataResponse(name=NAME, versions=versions, inputs=inputs, outputs=outputs)

    def _answer(self, request: Any, outputs: list[dict[str, Any]]) -> Any:
        raw = bool(request.raw_input_contents)
        outputs = [_with_nulls(each, raw) for each in outputs]
        return self.messages.ModelInferResponse(
            model_name=NAME,
            model_version=self.version or "",
            id=request.id or str(uuid.uuid4()),
            outputs=[self._output(each, raw) for each in outputs],
            raw_output_contents=map(_raw, outputs) if raw else (),
        )

    def _output(self, output: dict[str, Any], raw: bool) -> Any:
        data = output["data"]
        if output["datatype"] == "BYTES":
            data = [each.encode() for each in data]
        contents = {} if raw else {"contents": {_CONTENTS[output["datatype"]]: data}}
        return self.messages.ModelInferResponse.InferOutputTensor(
            name=output["name"],
            datatype=output["datatype"],
            shape=output["shape"],
            parameters={
                name: self.messages.InferParameter(string_param=value)
                for name, value in output.get("parameters", {}).items()
            },
            **contents,
        )


class ModelServicer:
    """Before a server's own servicer: what is about the model is answered here, all else there."""

    inference: GrpcInference

    async def ModelInfer(self, request: Any, context: Any) -> Any:
        if request.model_name == NAME:
            return await self.inference.infer(request, context)
        return await super().ModelInfer(request, context)  # type: ignore[misc]

    async def ModelMetadata(self, request: Any, context: Any) -> Any:
        if request.name == NAME:
            return self.inference.metadata()
        return await super().ModelMetadata(request, context)  # type: ignore[misc]


def _plain(request: Any) -> dict[str, Any]:
    raw = iter(request.raw_input_contents)
    return {
        "inputs": [_input(each, raw) for each in request.inputs],
        "parameters": _parameters(request),
        "outputs": [{"name": each.name} for each in request.outputs],
    }


def _input(given: Any, raw: Any) -> dict[str, Any]:
    contents = [list(values) for _, values in given.contents.ListFields()]
    return {
        "name": given.name,
        "datatype": given.datatype,
        "shape": list(given.shape),
        # An input without contents of its own has the next raw ones.
        "data": contents[0] if contents else next(raw, []),
        "parameters": _parameters(given),
    }


def _parameters(of: Any) -> dict[str, Any]:
    return {name: getattr(value, value.WhichOneof("parameter_choice")) for name, value in of.parameters.items()}


def _with_nulls(output: dict[str, Any], raw: bool) -> dict[str, Any]:
    datatype, data = output["datatype"], output["data"]
    if datatype in ("FP16", "FP32", "FP64"):
        floats = [math.nan if each is None else each for each in data]
        return {**output, "datatype": "FP32" if datatype == "FP16" and not raw else datatype, "data": floats}
    if None not in data:
        return output
    texts = [json.dumps(each, ensure_ascii=False) for each in data]
    parameters = {**output.get("parameters", {}), "content_type": JSON}
    return {**output, "datatype": "BYTES", "data": texts, "parameters": parameters}


def _raw(output: dict[str, Any]) -> bytes:
    if output["datatype"] != "BYTES":
        return struct.pack(f"<{len(output['data'])}{_RAW[output['datatype']]}", *output["data"])
    elements = [each.encode() for each in output["data"]]
    return b"".join(struct.pack("<I", len(each)) + each for each in elements)
