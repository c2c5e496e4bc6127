"""Serving through the gateway, beside the server without it.

The same requests, of the model's own example: to the server in its pod, and to the stack's gateway, with TLS and a key
where the stack has them; from 1, 8 and 64 clients, each of which keeps its connection. All of it is sent from within
the model's pod, so that neither port forwarding nor this machine's network is measured. The two take turns.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from components.clients import kubeconfig
from components.clients.process import run as command
from components.errors import SlipwayError
from components.settings import parse_settings
from components.settings.parts import istio
from tools.bench.frame import in_pod
from tools.bench.frame.row import Row
from tools.bench.frame.run import Run
from tools.engine.stack import Stack
from tools.environment import tools_first
from tools.predict import Served, served
from tools.prediction.load import percentile

NEEDS_STACK = True

CLIENTS = (1, 8, 64)
_SERVER = "the server alone"
_GATEWAY = "through the gateway"


def rows(run: Run) -> Iterator[Row]:
    stack = Stack(run.needed_stack())
    model = served(stack, None)[0]
    ways = {_GATEWAY: _gateway(stack, model), _SERVER: _server(model)}
    for clients in CLIENTS[:1] if run.quick else CLIENTS:
        rates: dict[str, list[float]] = {way: [] for way in ways}
        late: dict[str, list[float]] = {way: [] for way in ways}
        for number in range(run.repeats):
            run.say(f"{clients} clients, round {number + 1} of {run.repeats}")
            for way, place in ways.items():
                told = {**place, "body": model.question(None), "clients": clients, "seconds": 2 if run.quick else 10}
                latencies = _asked(stack, model, told)
                rates[way].append(len(latencies) / told["seconds"])
                late[way].append(percentile(latencies, 99) * 1000)
        yield from (Row(what=f"requests, {clients} at once", way=way, values=rates[way], unit="/s") for way in ways)
        yield from (
            Row(what=f"99th percentile, {clients} at once", way=way, values=late[way], unit="ms") for way in ways
        )


def _server(model: Served) -> dict[str, Any]:
    return {"url": f"http://127.0.0.1:8080{urlsplit(model.url).path}", "host": model.host, "ca": "", "key": None}


def _gateway(stack: Stack, model: Served) -> dict[str, Any]:
    gateway = parse_settings(stack.values).ingress.gateway
    scheme, by = urlsplit(model.url).scheme, model.by
    port = 443 if scheme == "https" else 80
    return {
        "url": f"{scheme}://{istio.GATEWAY}.{gateway.namespace}.svc:{port}{urlsplit(model.url).path}",
        "host": model.host,
        "ca": by.ca if by else "",
        "key": by.key if by else None,
    }


def _asked(stack: Stack, model: Served, told: Mapping[str, Any]) -> list[float]:
    """Seconds of each answer. Raises SlipwayError where one was none."""
    settings = parse_settings(stack.values)
    [namespace] = [settings.namespace_of(each) for each in settings.models if each.name == model.name]
    own = f"--kubeconfig={kubeconfig.own(stack.folder)}"
    kubectl = ["kubectl", own, f"--namespace={namespace}"]
    label = f"--selector=serving.kserve.io/inferenceservice={model.name}"
    pods = command([*kubectl, "get", "pods", label, "--output=name"], env=tools_first()).split()
    if not pods:
        raise SlipwayError(f"{model.name} has no pod now", remedy=f"make predict STACK={stack.name}")
    inside = [*kubectl, "exec", "--stdin", pods[0], "--container=kserve-container", "--", "python", "-c"]
    script = Path(in_pod.__file__).read_text()
    said = json.loads(command([*inside, script], stdin=json.dumps(told), env=tools_first(), timeout=None))
    if said["failed"] or not said["latencies"]:
        raise SlipwayError(f"{told['url']}: {len(said['failed'])} requests failed: {said['failed'][:3]}")
    return list(said["latencies"])
