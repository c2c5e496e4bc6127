"""Serving without a cluster: the server alone, beside MLflow's own and plain MLServer.

The example model behind Slipway's two servers, as `make serve` starts them, behind `mlflow models serve`, and behind
MLServer with MLflow's runtime for it (`mlserver start`), with the same versions of what the model needs. All of them
run at once on this machine, and are asked in turns, by eight clients that each keep a connection: V2 over HTTP
(`/invocations` of MLflow's own server), and V2 over gRPC. The clients run on the same processors.

*Processor* is what the server and its processes used for one request, whatever else the machine did.
"""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import uv
from mlflow.version import VERSION

from components.clients.process import run as command
from components.errors import SlipwayError
from components.serving.plan import Wishes
from tools import serve
from tools.bench.frame import by_grpc, example, in_pod
from tools.bench.frame.row import Row
from tools.bench.frame.run import Run
from tools.dockerfile import Dockerfile
from tools.environment import tools_first
from tools.prediction.load import percentile

# Minutes, and environments of its own.
ONLY_BY_NAME = True

_ROWS = (1, 256)
_CLIENTS = 8
_ROW = [13.64, 3.1, 2.56, 15.2, 116.0, 2.7, 3.03, 0.17, 1.66, 5.1, 0.96, 3.36, 845.0]
_START_SECONDS = 300
_MLSERVER = ("mlserver==1.7.1", "mlserver-mlflow==1.7.1", "uvloop<0.22")


@dataclass(frozen=True, kw_only=True)
class Way:
    """One running server. `grpc` is None where it has none, `body` a question of so many rows."""

    url: str
    grpc: str | None
    body: Callable[[int], Mapping[str, Any]]
    process: psutil.Process

    def used(self) -> float:
        """Processor seconds so far."""
        every = [self.process, *self.process.children(recursive=True)]
        return sum(sum(each.cpu_times()[:2]) for each in every)


def rows(run: Run) -> Iterator[Row]:
    [model] = example.versions(run.scratch)
    with ExitStack() as running:
        ways = {
            "Slipway on MLServer": running.enter_context(_slipway(model, "mlserver", run)),
            "Slipway on KServe's server": running.enter_context(_slipway(model, "kserve", run)),
            "`mlflow models serve`": running.enter_context(_mlflow(model, run)),
            "plain MLServer": running.enter_context(_mlserver(model, run)),
        }
        for protocol, script in (("HTTP", in_pod), ("gRPC", by_grpc)):
            asked = {way: each for way, each in ways.items() if protocol == "HTTP" or each.grpc}
            for count in _ROWS[:1] if run.quick else _ROWS:
                yield from _compared(run, f"{count} rows over {protocol}", asked, Path(str(script.__file__)), count)


def _compared(run: Run, what: str, ways: Mapping[str, Way], script: Path, count: int) -> Iterator[Row]:
    rates: dict[str, list[float]] = {way: [] for way in ways}
    middle: dict[str, list[float]] = {way: [] for way in ways}
    late: dict[str, list[float]] = {way: [] for way in ways}
    used: dict[str, list[float]] = {way: [] for way in ways}
    seconds = 1 if run.quick else 8
    for number in range(run.repeats):
        run.say(f"{what}, round {number + 1} of {run.repeats}")
        for way, each in ways.items():
            # The first ones are slower: of every server.
            _asked(each, script, count, 1)
            before = each.used()
            latencies = _asked(each, script, count, seconds)
            used[way].append((each.used() - before) / len(latencies) * 1000)
            rates[way].append(len(latencies) / seconds)
            middle[way].append(percentile(latencies, 50) * 1000)
            late[way].append(percentile(latencies, 99) * 1000)
    for name, found, unit in (
        ("requests", rates, "/s"),
        ("median latency", middle, "ms"),
        ("99th percentile", late, "ms"),
        ("processor of a request", used, "ms"),
    ):
        yield from (Row(what=f"{name}, {what}", way=way, values=values, unit=unit) for way, values in found.items())


def _asked(way: Way, script: Path, count: int, seconds: int) -> list[float]:
    """Seconds of each answer. Raises SlipwayError where one was none."""
    url = str(way.grpc) if script == Path(by_grpc.__file__) else way.url
    told = {"url": url, "host": "localhost", "key": None, "ca": "", "body": way.body(count), "clients": _CLIENTS}
    told |= {"seconds": seconds}
    said = json.loads(command([sys.executable, str(script)], stdin=json.dumps(told), env=tools_first(), timeout=None))
    if said["failed"] or not said["latencies"]:
        raise SlipwayError(f"{url}: {len(said['failed'])} requests failed: {said['failed'][:3]}")
    return list(said["latencies"])


def _v2(count: int) -> Mapping[str, Any]:
    data = [_ROW] * count
    return {"inputs": [{"name": "input-0", "datatype": "FP64", "shape": [count, len(_ROW)], "data": data}]}


@contextmanager
def _slipway(model: Path, server: str, run: Run) -> Iterator[Way]:
    folder = run.scratch / server
    made, plan = serve.prepared(model, Wishes(server=server), folder)
    port, grpc, metrics = _ports(3)
    own = {"MLSERVER_GRPC_PORT": str(grpc), "MLSERVER_METRICS_PORT": str(metrics)}
    variables = serve.variables(made, plan, port, folder) | own
    with _running(Dockerfile.read().command, variables, made, port, f"127.0.0.1:{grpc}") as way:
        yield way


@contextmanager
def _mlflow(model: Path, run: Run) -> Iterator[Way]:
    home = _environment(run.scratch / "mlflow", f"mlflow=={VERSION}", "--requirements", str(model / "requirements.txt"))
    [port] = _ports(1)
    line = [
        f"{home}/mlflow",
        "models",
        "serve",
        "--model-uri",
        str(model),
        "--env-manager",
        "local",
        "--port",
        str(port),
    ]
    variables = {"PATH": f"{home}{os.pathsep}{os.environ['PATH']}", "MLFLOW_DISABLE_TELEMETRY": "true"}
    with _running(line, variables, run.scratch, port, None) as way:
        yield way


@contextmanager
def _mlserver(model: Path, run: Run) -> Iterator[Way]:
    needed = (f"mlflow=={VERSION}", *_MLSERVER, "--requirements", str(model / "requirements.txt"))
    home = _environment(run.scratch / "plain", *needed)
    port, grpc, metrics = _ports(3)
    variables = {
        "PATH": f"{home}{os.pathsep}{os.environ['PATH']}",
        "MLSERVER_MODEL_NAME": "mlflow-model",
        "MLSERVER_MODEL_IMPLEMENTATION": "mlserver_mlflow.MLflowRuntime",
        "MLSERVER_MODEL_URI": str(model),
        "MLSERVER_HOST": "127.0.0.1",
        "MLSERVER_HTTP_PORT": str(port),
        "MLSERVER_GRPC_PORT": str(grpc),
        "MLSERVER_METRICS_PORT": str(metrics),
        "MLSERVER_DEBUG": "false",
    }
    with _running([f"{home}/mlserver", "start", str(model)], variables, run.scratch, port, f"127.0.0.1:{grpc}") as way:
        yield way


def _environment(folder: Path, *needed: str) -> Path:
    """An environment with this Python; returns its folder of commands."""
    made = ["--quiet", "--python", sys.executable, str(folder)]
    command([uv.find_uv_bin(), "venv", *made], env=tools_first(), timeout=None)
    into = ["--quiet", "--python", str(folder / "bin" / "python"), *needed]
    command([uv.find_uv_bin(), "pip", "install", *into], env=tools_first(), timeout=None)
    return folder / "bin"


@contextmanager
def _running(line: Sequence[str], env: Mapping[str, str], folder: Path, port: int, grpc: str | None) -> Iterator[Way]:
    """The server of a command line, once it has answered. Without gRPC it is MLflow's own."""
    url = f"http://127.0.0.1:{port}/v2/models/mlflow-model/infer" if grpc else f"http://127.0.0.1:{port}/invocations"
    body = _v2 if grpc else lambda count: {"inputs": [_ROW] * count}
    log = folder / f"{port}.log"
    with log.open("w") as out:
        started = subprocess.Popen(line, env=dict(env), cwd=folder, stdout=out, stderr=out)
    try:
        _wait(started, url, body(1), log)
        yield Way(url=url, grpc=grpc, body=body, process=psutil.Process(started.pid))
    finally:
        own = psutil.Process(started.pid).children(recursive=True) if started.poll() is None else []
        for each in own:
            with suppress(psutil.NoSuchProcess):
                each.terminate()
        started.terminate()
        started.wait(30)


def _wait(started: "subprocess.Popen[bytes]", url: str, body: Mapping[str, Any], log: Path) -> None:
    """Until it answers. Raises SlipwayError with its last words."""
    deadline = time.monotonic() + _START_SECONDS
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    while started.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(request, timeout=30):
                return
        except (OSError, urllib.error.URLError):
            time.sleep(0.2)
    raise SlipwayError(f"{url} never answered; its log ends with:\n{log.read_text()[-2000:]}")


def _ports(count: int) -> list[int]:
    """Of nobody else."""
    with ExitStack() as held:
        every = [held.enter_context(socket.socket()) for _ in range(count)]
        for each in every:
            each.bind(("127.0.0.1", 0))
        return [int(each.getsockname()[1]) for each in every]
