"""`/infer` over HTTP, in front of the server's own: a request is parsed once, and goes on as it is."""

from __future__ import annotations

import gzip
import io
import json
import time
import uuid
import zlib
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Router

from runtime.connection import Connection
from runtime.place import NAME
from runtime.problem import Problem

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Counting = Callable[[float, bool], None]

_MODEL = f"/v2/models/{NAME}"
_JSON = b"application/json"
# Of V2's binary data, which comes behind the JSON.
_BINARY = b"inference-header-content-length"
_ENCODING = b"content-encoding"
# What a compressed body may come to: as much as a message over gRPC.
_LARGEST = 100 * 2**20


def put_before(app: Starlette, connection: Connection, version: str | None, count: Counting) -> None:
    """Let the app's own endpoint see only what this leaves; its metrics and its compression see all.

    `count` is called with the seconds that a request took, and whether it was answered.
    """
    app.user_middleware.append(
        Middleware(HttpInference, router=app.router, connection=connection, version=version, count=count)
    )


@dataclass(frozen=True)
class HttpInference:
    """What is not plainly a V2 request in JSON is the server's own to answer, or to refuse in its words."""

    app: App
    router: Router
    connection: Connection
    version: str | None
    count: Counting

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        try:
            scope, receive = await _uncompressed(scope, receive)
        except Problem as problem:
            await self._send(scope, send, problem.status, _told(problem))
            return
        if not self._is_infer(scope) or not _is_json(scope):
            await self.app(scope, receive, send)
            return
        body = await _body(receive)
        request = _request(body)
        if request is None:
            await self.app(scope, _again(body, receive), send)
            return
        began = time.perf_counter()
        try:
            outputs = await self.connection.infer(request)
            status, answer = 200, self._answer(request, outputs)
        except Problem as problem:
            status, answer = problem.status, _told(problem)
        self.count(time.perf_counter() - began, status == 200)
        await self._send(scope, send, status, answer)

    async def _send(self, scope: Scope, send: Send, status: int, answer: bytes) -> None:
        # As its router would: MLServer counts only what has an endpoint.
        scope.update(endpoint=self, router=self.router)
        length = str(len(answer)).encode()
        headers = [(b"content-length", length), (b"content-type", _JSON)]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    def _is_infer(self, scope: Scope) -> bool:
        paths = (f"{_MODEL}/infer", f"{_MODEL}/versions/{self.version}/infer")
        return scope["method"] == "POST" and scope["path"] in paths

    def _answer(self, request: dict[str, Any], outputs: list[dict[str, Any]]) -> bytes:
        version = {"model_version": self.version} if self.version else {}
        name = request.get("id") or str(uuid.uuid4())
        return orjson.dumps({"model_name": NAME, **version, "id": name, "outputs": outputs})


def _told(problem: Problem) -> bytes:
    return orjson.dumps({"error": problem.message})


async def _uncompressed(scope: Scope, receive: Receive) -> tuple[Scope, Receive]:
    """The request as if its body had never been compressed: one server would refuse it, the other has no limit."""
    encoding = dict(scope["headers"]).get(_ENCODING, b"identity").strip().lower()
    if encoding == b"identity":
        return scope, receive
    if encoding not in (b"gzip", b"x-gzip"):
        raise Problem(f"The Content-Encoding {encoding.decode('latin-1')!r} is not known: gzip is, or none.", 415)
    body = _unzipped(await _body(receive))
    other = [(name, value) for name, value in scope["headers"] if name not in (_ENCODING, b"content-length")]
    scope["headers"] = [*other, (b"content-length", str(len(body)).encode())]
    return scope, _again(body, receive)


def _unzipped(body: bytes) -> bytes:
    try:
        plain = gzip.GzipFile(fileobj=io.BytesIO(body)).read(_LARGEST + 1)
    except (EOFError, OSError, zlib.error) as error:
        raise Problem(f"The body is no gzip, though its Content-Encoding says so: {error}.") from None
    if len(plain) > _LARGEST:
        raise Problem(f"The body is more than {_LARGEST >> 20} MiB when it is unpacked.", 413)
    return plain


async def _body(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


def _again(body: bytes, receive: Receive) -> Receive:
    """The body once more, then what comes after it."""
    left = [{"type": "http.request", "body": body, "more_body": False}]

    async def repeated() -> MutableMapping[str, Any]:
        return left.pop() if left else await receive()

    return repeated


def _is_json(scope: Scope) -> bool:
    headers = dict(scope["headers"])
    kind = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
    return kind in (_JSON, b"") and _BINARY not in headers


def _request(body: bytes) -> dict[str, Any] | None:
    """The request, where it has V2's structure; what its data is, the model's process looks at."""
    try:
        request = orjson.loads(body)
    except orjson.JSONDecodeError:
        try:
            # Python's own clients write NaN, as /invocations takes it.
            request = json.loads(body)
        except (ValueError, RecursionError):
            return None
    right = (
        isinstance(request, dict)
        and isinstance(request.get("inputs"), list)
        and all(map(_is_input, request["inputs"]))
        and isinstance(request.get("id") or "", str)
        and isinstance(request.get("parameters") or {}, dict)
        and isinstance(request.get("outputs") or [], list)
        and all(isinstance(each, dict) and isinstance(each.get("name"), str) for each in request.get("outputs") or ())
    )
    return request if right else None


def _is_input(given: Any) -> bool:
    return (
        isinstance(given, dict)
        and isinstance(given.get("name"), str)
        and isinstance(given.get("datatype"), str)
        and isinstance(given.get("shape"), list)
        and all(type(size) is int for size in given["shape"])
        and "data" in given
        and isinstance(given.get("parameters") or {}, dict)
    )
