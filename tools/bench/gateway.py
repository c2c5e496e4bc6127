"""Serving through the gateway, beside the server without it.

The same requests, of the model's own example: to the server in its pod, and to the stack's gateway, with TLS and a key
where the stack has them; from 1, 8 and 64 clients, each of which keeps its connection. All of it is sent from within
the model's pod, so that neither port forwarding nor this machine's network is measured. The two take turns.
"""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from components.settings import parse_settings
from components.settings.parts import istio
from tools.bench.frame.row import Row
from tools.bench.frame.run import Run
from tools.bench.frame.served import Model
from tools.engine.stack import Stack
from tools.prediction.load import percentile

NEEDS_STACK = True

CLIENTS = (1, 8, 64)
_SERVER = "the server alone"
_GATEWAY = "through the gateway"


def rows(run: Run) -> Iterator[Row]:
    model = Model.first_of(Stack(run.needed_stack()))
    ways = {_GATEWAY: _gateway(model), _SERVER: model.server()}
    for clients in CLIENTS[:1] if run.quick else CLIENTS:
        rates: dict[str, list[float]] = {way: [] for way in ways}
        late: dict[str, list[float]] = {way: [] for way in ways}
        for number in range(run.repeats):
            run.say(f"{clients} clients, round {number + 1} of {run.repeats}")
            seconds = 2 if run.quick else 10
            for way, place in ways.items():
                latencies = model.asked(place, clients, seconds)
                rates[way].append(len(latencies) / seconds)
                late[way].append(percentile(latencies, 99) * 1000)
        yield from (Row(what=f"requests, {clients} at once", way=way, values=rates[way], unit="/s") for way in ways)
        yield from (
            Row(what=f"99th percentile, {clients} at once", way=way, values=late[way], unit="ms") for way in ways
        )


def _gateway(model: Model) -> dict[str, Any]:
    found = model.found
    gateway = parse_settings(model.stack.values).ingress.gateway
    scheme = urlsplit(found.url).scheme
    port = 443 if scheme == "https" else 80
    return {
        "url": f"{scheme}://{istio.GATEWAY}.{gateway.namespace}.svc:{port}{urlsplit(found.url).path}",
        "host": found.host,
        "ca": found.by.ca if found.by else "",
        "key": found.by.key if found.by else None,
    }
