"""The ports of one checkout's embedded stack: those that its settings fix, else free ones that are kept."""

import json
import socket
from collections.abc import Mapping
from pathlib import Path

from components.errors import SlipwayError
from components.settings import Embedded
from tools.files import write_whole

# What listens on each, and the setting that fixes it.
FIXED = {"apiserver": "apiPort", "tracking": "trackingPort", "model": "modelPort"}
NAMES = (*FIXED, "etcd", "etcd-peer", "model-grpc", "model-metrics")


def is_free(port: int) -> bool:
    with socket.socket() as listener:
        # As servers do, so that connections of a server that ended are no obstacle.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free(count: int) -> list[int]:
    """Different free ports of the loopback interface."""
    listeners = [socket.socket() for _ in range(count)]
    try:
        for listener in listeners:
            listener.bind(("127.0.0.1", 0))
        return [int(listener.getsockname()[1]) for listener in listeners]
    finally:
        for listener in listeners:
            listener.close()


def chosen(file: Path) -> dict[str, int]:
    """What `choose` wrote. Raises SlipwayError where it was never asked."""
    if not file.is_file():
        raise SlipwayError(f"{file.parent} has no servers yet", remedy="make start")
    ports: dict[str, int] = json.loads(file.read_text())
    return ports


def choose(file: Path, settings: Embedded, used: Mapping[str, bool]) -> dict[str, int]:
    """The port of every name in NAMES, written to `file`.

    `used` tells which names are running already: their ports stay. Raises SlipwayError for a fixed port that another
    program has; a kept one that was taken in the meantime is chosen anew.
    """
    kept: dict[str, int] = json.loads(file.read_text()) if file.is_file() else {}
    fixed = {"apiserver": settings.api_port, "tracking": settings.tracking_port, "model": settings.model_port}
    ports = dict(zip(NAMES, free(len(NAMES)), strict=True))
    for name in NAMES:
        wanted = fixed.get(name) or kept.get(name)
        if not wanted:
            continue
        if used.get(name) and kept.get(name):
            ports[name] = kept[name]
        elif is_free(wanted):
            ports[name] = wanted
        elif fixed.get(name):
            raise SlipwayError(
                f"port {wanted} (slipway:embedded.{FIXED[name]}) is in use by another program: stop that, or write "
                "another port (without one, a free port is chosen)"
            )
    write_whole(file, json.dumps(ports))
    return ports
