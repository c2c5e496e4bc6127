"""The model behind MLServer."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, ClassVar, TypeVar

import uvicorn
from fastapi import Header, Request, Response
from mlserver import MLModel, MLServer, ModelSettings, Settings
from mlserver.errors import MLServerError
from mlserver.grpc import dataplane_pb2
from mlserver.grpc import server as mlserver_grpc
from mlserver.grpc.servicers import InferenceServicer
from mlserver.handlers import custom_handler
from mlserver.settings import ModelParameters
from mlserver.types import InferenceRequest, InferenceResponse, MetadataTensor, Parameters, RequestInput, ResponseOutput
from mlserver.utils import get_model_uri

from runtime import http_inference
from runtime.connection import Connection
from runtime.grpc_inference import GrpcInference, ModelServicer
from runtime.place import IDLE, NAME, VERSION
from runtime.problem import Problem

T = TypeVar("T")


class Runtime(MLModel):  # type: ignore[misc]  # untyped
    """Hands requests on to the model's own process, as they are."""

    # One that is there before the server starts.
    opened: ClassVar[Connection | None] = None
    _connection: Connection | None = None

    async def load(self) -> bool:
        self._connection = self.opened or await Connection.open(await get_model_uri(self._settings))
        described = self._connection.metadata
        self.inputs = [MetadataTensor(**each) for each in described["inputs"]]
        self.outputs = [MetadataTensor(**each) for each in described["outputs"]]
        return True

    async def unload(self) -> bool:
        if self._connection:
            self._connection.close()
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        outputs = await self._told(lambda model: model.infer(_plain(payload)))
        return InferenceResponse(
            model_name=self.name, model_version=self.version, outputs=[ResponseOutput(**each) for each in outputs]
        )

    @custom_handler(rest_path="/invocations")  # type: ignore[untyped-decorator]
    async def invocations(self, request: Request, content_type: str = Header(default="")) -> Response:
        body = await request.body()
        status, text, mimetype = await self._told(lambda model: model.invocations(body, content_type))
        return Response(text, status, media_type=mimetype)

    @custom_handler(rest_path="/ping", rest_method="GET")  # type: ignore[untyped-decorator]
    async def ping(self) -> str:
        return "\n"

    @custom_handler(rest_path="/health", rest_method="GET")  # type: ignore[untyped-decorator]
    async def health(self) -> str:
        return "\n"

    @custom_handler(rest_path="/version", rest_method="GET")  # type: ignore[untyped-decorator]
    async def mlflow_version(self) -> str:
        return str(self._connection.metadata["mlflow"]) if self._connection else ""

    async def _told(self, ask: Callable[[Connection], Awaitable[T]]) -> T:
        assert self._connection
        try:
            return await ask(self._connection)
        except Problem as problem:
            raise MLServerError(problem.message, problem.status) from None


def _plain(payload: InferenceRequest) -> dict[str, Any]:
    """The request as plain values, without the headers that MLServer puts into its parameters."""
    parameters = _parameters(payload)
    parameters.pop("headers", None)
    wanted = [{"name": each.name} for each in payload.outputs or ()]
    return {"inputs": [_input(each) for each in payload.inputs], "parameters": parameters, "outputs": wanted}


def _input(given: RequestInput) -> dict[str, Any]:
    return {
        "name": given.name,
        "datatype": str(getattr(given.datatype, "value", given.datatype)),
        "shape": list(given.shape),
        "data": getattr(given.data, "root", given.data),
        "parameters": _parameters(given),
    }


def _parameters(of: InferenceRequest | RequestInput) -> dict[str, Any]:
    parameters: Parameters | None = of.parameters
    return parameters.model_dump(exclude_none=True) if parameters else {}


def _lasting(config: Callable[[], uvicorn.Config]) -> uvicorn.Config:
    """Its HTTP server's configuration, with connections that may be idle for long."""
    made = config()
    made.timeout_keep_alive = IDLE
    return made


async def serve(connection: Connection) -> None:
    """Serve the model until a signal comes."""
    Runtime.opened = connection
    parameters = ModelParameters(version=os.environ.get(VERSION) or None)
    model = ModelSettings(name=NAME, implementation=Runtime, parameters=parameters)
    server = MLServer(Settings())
    plane = server._data_plane

    def count(seconds: float, answered: bool) -> None:
        labels = {"model": NAME, "version": None}
        plane._ModelInferRequestDuration.labels(**labels).observe(seconds)
        (plane._ModelInferRequestSuccess if answered else plane._ModelInferRequestFailure).labels(**labels).inc()

    class Servicer(ModelServicer, InferenceServicer):  # type: ignore[misc]  # untyped
        inference = GrpcInference(dataplane_pb2, connection, parameters.version, count)

    # Its server makes one when it starts, and takes none.
    mlserver_grpc.InferenceServicer = Servicer
    rest = server._rest_server
    http_inference.put_before(rest._app, connection, parameters.version, count)
    rest._get_config = partial(_lasting, rest._get_config)
    await server.start([model])
