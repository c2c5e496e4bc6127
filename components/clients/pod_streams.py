"""What runs in a pod, and what listens there, as this machine reaches both: through the cluster's API.

A NetworkPolicy does not stand in the way: what is forwarded comes from the pod's own node.
"""

import contextlib
import json
import socket
import socketserver
import threading
from collections.abc import Iterator
from typing import IO, Any

from kubernetes.client import ApiException
from kubernetes.stream import ws_client
from websocket import WebSocketException

from components.clients.cluster_api import POD, Cluster, ClusterError

_CHUNK = 1 << 18
_STDOUT, _STDERR, _STATUS = 1, 2, 3
# What is on its way says so: a connection without a byte is cut by many a load balancer within minutes.
# Its `sleep` outlives it, and with a stream of the script's would keep the connection open for as long.
_BEAT = "( while sleep 20 > /dev/null 2>&1; do echo >&2; done ) & beat=$!; trap 'kill $beat' EXIT\n"


def execute(
    cluster: Cluster,
    namespace: str,
    pod: str,
    script: str,
    *,
    given: IO[bytes] | None = None,
    taken: IO[bytes] | None = None,
) -> str:
    """Run a shell script in the pod and return what it prints, or write that to `taken`.

    `given` is its standard input, whose end it must know by itself. Raises ClusterError with the script's last words.
    """
    words = ["sh", "-c", _BEAT + script]
    query = [*(("command", word) for word in words), ("stdout", "true"), ("stderr", "true")]
    if given:
        query.append(("stdin", "true"))
    configuration, url, headers = cluster.signed(f"{POD.path(namespace, pod)}/exec", query)
    options = {"_preload_content": False, "capture_all": False, "binary": True}
    said, errors = bytearray(), bytearray()
    try:
        stream = ws_client.websocket_call(configuration, "GET", url, headers=headers, **options)  # type: ignore[no-untyped-call]
        if given:
            while chunk := given.read(_CHUNK):
                stream.write_stdin(chunk)
        while stream.is_open():
            stream.update(timeout=5)
            # One frame of the two streams after another, so that neither is kept.
            if part := stream.read_channel(_STDOUT):
                taken.write(part) if taken else said.extend(part)
            errors += stream.read_channel(_STDERR)
        status = json.loads(stream.read_channel(_STATUS) or "{}")
    except (ApiException, OSError, WebSocketException) as error:
        raise ClusterError(f"pod {namespace}/{pod}: {error}") from None
    if status.get("status") != "Success":
        last = errors.decode(errors="replace").strip()[-2000:] or status.get("message") or "the connection was cut"
        raise ClusterError(f"pod {namespace}/{pod}: {last}")
    return said.decode()


@contextlib.contextmanager
def forwarded(cluster: Cluster, namespace: str, pod: str, port: int) -> Iterator[int]:
    """The port of this machine, open to itself alone, that leads to the pod's."""

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            configuration, url, headers = cluster.signed(
                f"{POD.path(namespace, pod)}/portforward", [("ports", str(port))]
            )
            try:
                forward = ws_client.portforward_call(  # type: ignore[no-untyped-call]
                    configuration, "GET", url, headers=headers
                )
            except ApiException:
                # The client sees a closed connection, and tries again.
                return
            far: Any = forward.socket(port)
            back = threading.Thread(target=_pour, args=(far, self.request), daemon=True)
            back.start()
            _pour(self.request, far)
            back.join()

    with Server(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield int(server.server_address[1])
        finally:
            server.shutdown()


def _pour(source: Any, target: Any) -> None:
    """Hand on what comes until there is no more, then close both ways."""
    with contextlib.suppress(OSError):
        while part := source.recv(_CHUNK):
            target.sendall(part)
    for each in (source, target):
        with contextlib.suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
