"""The three metrics APIs on loopback, behind the API server's aggregation; the answers come from a function."""

import contextlib
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

from tests.hpa.control_plane import ApiError, ControlPlane

GROUPS = {
    "metrics.k8s.io": ("v1beta1", [("pods", "PodMetrics")]),
    "custom.metrics.k8s.io": (
        "v1beta2",
        [
            ("pods/rate", "MetricValueList"),
            ("ingresses.networking.k8s.io/total", "MetricValueList"),
            ("namespaces/total", "MetricValueList"),
        ],
    ),
    "external.metrics.k8s.io": ("v1beta1", [("waiting", "ExternalMetricValueList")]),
}

Answer = tuple[int, Any]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512
    context: ssl.SSLContext
    answer: Callable[[str], Answer]

    def get_request(self) -> tuple[Any, Any]:
        # The handshake is left to the connection's own thread.
        connection, address = socket.socket.accept(self.socket)
        return self.context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False), address

    def handle_error(self, *_: Any) -> None:
        """Connections that the API server drops are nothing to report."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        status, body = self.server.answer(path) if "/namespaces/" in path else (200, _discovery(path))
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        """Quiet."""


def _discovery(path: str) -> Any:
    parts = path.strip("/").split("/")
    if len(parts) < 3 or parts[1] not in GROUPS:
        return {"kind": "APIGroupList", "apiVersion": "v1", "groups": []}
    version, resources = GROUPS[parts[1]]
    entries = [
        {"name": name, "singularName": "", "namespaced": True, "kind": kind, "verbs": ["get", "list"]}
        for name, kind in resources
    ]
    groupversion = f"{parts[1]}/{version}"
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": groupversion, "resources": entries}


@contextlib.contextmanager
def running(plane: ControlPlane, answer: Callable[[str], Answer]) -> Iterator[None]:
    """Serve `answer(path)`, an HTTP status and a JSON body, for every metric until the block ends."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.answer = answer
    server.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.context.load_cert_chain(plane.certificate, plane.key)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        _register(plane, server.server_address[1])
        yield
    finally:
        server.shutdown()
        server.server_close()


def _register(plane: ControlPlane, port: int) -> None:
    spec = {"type": "ExternalName", "externalName": "localhost"}
    service = {"metadata": {"name": "metrics"}, "spec": spec}
    plane.api.call("POST", "/api/v1/namespaces/default/services", service)
    for group, (version, _) in GROUPS.items():
        entry = {
            "metadata": {"name": f"{version}.{group}"},
            "spec": {
                "group": group,
                "version": version,
                "service": {"namespace": "default", "name": "metrics", "port": port},
                "insecureSkipTLSVerify": True,
                "groupPriorityMinimum": 100,
                "versionPriority": 100,
            },
        }
        plane.api.call("POST", "/apis/apiregistration.k8s.io/v1/apiservices", entry)
    for group, (version, _) in GROUPS.items():
        _until_served(plane, f"/apis/{group}/{version}")


def _until_served(plane: ControlPlane, path: str) -> None:
    end = time.monotonic() + 30
    while True:
        try:
            plane.api.call("GET", path)
            return
        except ApiError:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)
