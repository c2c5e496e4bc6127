"""The model behind KServe's own Python server, for models whose Python MLServer does not run on."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import MutableMapping
from typing import Any

import prometheus_client
from fastapi import Header, Request, Response
from grpc import aio
from kserve import InferOutput, InferRequest, InferResponse, Model, ModelRepository
from kserve.errors import InferenceError, InvalidInput
from kserve.model_server import app
from kserve.protocol.dataplane import DataPlane
from kserve.protocol.grpc import grpc_predict_v2_pb2 as pb
from kserve.protocol.grpc import grpc_predict_v2_pb2_grpc
from kserve.protocol.grpc.interceptors import ExceptionToStatusInterceptor
from kserve.protocol.grpc.servicer import InferenceServicer
from kserve.protocol.infer_type import InferInput
from kserve.protocol.model_repository_extension import ModelRepositoryExtension
from kserve.protocol.rest.server import RESTServer
from starlette.middleware import Middleware

from runtime import http_inference
from runtime.connection import Connection
from runtime.grpc_inference import GrpcInference, ModelServicer
from runtime.http_inference import App, Receive, Scope, Send
from runtime.place import GRPC_PORT, HOST, HTTP_PORT, IDLE, METRICS_PORT, NAME, VERSION
from runtime.problem import Problem

# As MLServer counts.
_LABELS = ("model", "version")
_SUCCESS = prometheus_client.Counter("model_infer_request_success", "Model infer request success count", _LABELS)
_FAILURE = prometheus_client.Counter("model_infer_request_failure", "Model infer request failure count", _LABELS)
_DURATION = prometheus_client.Summary("model_infer_request_duration", "Model infer request duration", _LABELS)
_REQUESTS = prometheus_client.Counter("rest_server_requests", "Total HTTP requests", ("method", "path", "status_code"))
_MAX_MESSAGE = 100 * 2**20
_GRACE = 30.0


class Runtime(Model):  # type: ignore[misc]  # untyped
    """Hands requests on to the model's own process, as they are."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(NAME)
        self.version = os.environ.get(VERSION) or None
        self.ready = True
        self._connection = connection

    async def get_input_types(self) -> list[dict[str, Any]]:
        return list(self._connection.metadata["inputs"])

    async def get_output_types(self) -> list[dict[str, Any]]:
        return list(self._connection.metadata["outputs"])

    async def predict(self, payload: InferRequest, *_: Any) -> InferResponse:
        began = time.perf_counter()
        answered = False
        try:
            outputs = await self._infer(payload)
            answered = True
        finally:
            _count(time.perf_counter() - began, answered)
        return InferResponse(
            response_id=payload.id or str(uuid.uuid4()),
            model_name=self.name,
            model_version=self.version,
            infer_outputs=outputs,
            use_binary_outputs=payload.use_binary_outputs,
            requested_outputs=payload.request_outputs,
        )

    async def _infer(self, payload: InferRequest) -> list[InferOutput]:
        try:
            outputs = await self._connection.infer(_plain(payload))
        except Problem as problem:
            raise _error(problem) from None
        return [InferOutput(**each) for each in outputs]

    async def invocations(self, request: Request, content_type: str = Header(default="")) -> Response:
        try:
            status, text, mimetype = await self._connection.invocations(await request.body(), content_type)
        except Problem as problem:
            raise _error(problem) from None
        return Response(text, status, media_type=mimetype)

    async def ping(self) -> Response:
        return Response("\n")

    async def mlflow_version(self) -> Response:
        return Response(str(self._connection.metadata["mlflow"]))


class Counted:
    """Counts every request over HTTP, as MLServer does."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def counted(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                _REQUESTS.labels(scope["method"], scope["path"], message["status"]).inc()
            await send(message)

        await self._app(scope, receive, counted if scope["type"] == "http" else send)


def _count(seconds: float, answered: bool) -> None:
    # MLServer's label is the version in the request's path, and KServe has no such path.
    labels = (NAME, None)
    _DURATION.labels(*labels).observe(seconds)
    (_SUCCESS if answered else _FAILURE).labels(*labels).inc()


def _error(problem: Problem) -> Exception:
    error: Exception = (InvalidInput if problem.status < 500 else InferenceError)(problem.message)
    return error


def _plain(payload: InferRequest) -> dict[str, Any]:
    wanted = [{"name": each.name} for each in payload.request_outputs or ()]
    return {
        "inputs": [_input(each) for each in payload.inputs],
        "parameters": dict(payload.parameters or {}),
        "outputs": wanted,
    }


def _input(given: InferInput) -> dict[str, Any]:
    raw = given._raw_data
    return {
        "name": given.name,
        "datatype": given.datatype,
        "shape": list(given.shape),
        "data": given.data if raw is None else bytes(raw),
        "parameters": dict(given.parameters or {}),
    }


class Servicer(ModelServicer, InferenceServicer):  # type: ignore[misc]  # untyped
    def __init__(self, plane: DataPlane, repository: ModelRepositoryExtension, inference: GrpcInference) -> None:
        super().__init__(plane, repository)
        self.inference = inference


async def _over_grpc(servicer: Servicer, place: str) -> aio.Server:
    """KServe's own listens on every address of the machine, whatever the host is."""
    limits = [(f"grpc.max_{way}_message_length", _MAX_MESSAGE) for way in ("send", "receive")]
    server = aio.server(interceptors=(ExceptionToStatusInterceptor(),), options=limits)
    grpc_predict_v2_pb2_grpc.add_GRPCInferenceServiceServicer_to_server(servicer, server)
    server.add_insecure_port(place)
    await server.start()
    return server


async def serve(connection: Connection) -> None:
    """Serve the model until a signal comes."""
    runtime = Runtime(connection)
    models = ModelRepository()
    models.update(runtime)
    plane, repository = DataPlane(models), ModelRepositoryExtension(models)
    app.add_api_route("/invocations", runtime.invocations, methods=["POST"])
    app.add_api_route("/ping", runtime.ping)
    app.add_api_route("/health", runtime.ping)
    app.add_api_route("/version", runtime.mlflow_version)
    app.user_middleware.append(Middleware(Counted))
    http_inference.put_before(app, connection, runtime.version, _count)
    rest = RESTServer("kserve.model_server:app", plane, repository, int(os.environ[HTTP_PORT]), timeout_keep_alive=IDLE)
    rest.config.host = host = os.environ.get(HOST, "0.0.0.0")
    servicer = Servicer(plane, repository, GrpcInference(pb, connection, runtime.version, _count))
    prometheus_client.start_http_server(int(os.environ[METRICS_PORT]), host)
    answering = await _over_grpc(servicer, f"{host}:{os.environ[GRPC_PORT]}")
    # Its server handles the signals.
    await rest.start()
    await answering.stop(_GRACE)
