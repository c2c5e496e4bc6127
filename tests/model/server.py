"""A server in a process of its own, and what it answers."""

import contextlib
import json
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# A loaded machine takes minutes over the imports alone.
START_SECONDS = 300


@dataclass(frozen=True)
class Answer:
    status: int
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


@dataclass(frozen=True)
class ModelServer:
    url: str
    metrics_url: str
    # host:port
    grpc: str
    # What stands for the image's /srv.
    root: Path
    process: "Process"

    def get(self, path: str) -> Answer:
        return ask(self.url + path)

    def infer(self, *inputs: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Answer:
        return ask(f"{self.url}/v2/models/mlflow-model/infer", {"inputs": inputs}, headers)


def ask(url: str, body: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None) -> Answer:
    """POST the body, or GET without one; raises URLError only when nothing answers."""
    return _answer(url, None if body is None else json.dumps(body).encode(), "application/json", headers)


def post(
    url: str, body: bytes, content_type: str = "application/json", headers: Mapping[str, str] | None = None
) -> Answer:
    """The body as it is."""
    return _answer(url, body, content_type, headers)


def _answer(url: str, body: bytes | None, content_type: str, headers: Mapping[str, str] | None = None) -> Answer:
    request = urllib.request.Request(url, body, {"Content-Type": content_type, **(headers or {})})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return Answer(answer.status, answer.read().decode())
    except urllib.error.HTTPError as error:
        return Answer(error.code, error.read().decode())


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextlib.contextmanager
def process(command: Sequence[str], environment: Mapping[str, str], folder: Path, log: Path) -> Iterator["Process"]:
    """Run the command in the folder with this environment and no more; it is asked to stop at the end."""
    with log.open("wb") as out:
        started = subprocess.Popen(command, env=environment, cwd=folder, stdout=out, stderr=out)
    try:
        yield Process(started, log)
    finally:
        started.terminate()
        started.wait(30)


@dataclass(frozen=True)
class Process:
    started: subprocess.Popen[bytes]
    log: Path

    def wait_until_ready(self, url: str) -> None:
        """Return when the URL answers 200; raises AssertionError with the log when it does not in time."""
        deadline = time.monotonic() + START_SECONDS
        while self.started.poll() is None and time.monotonic() < deadline:
            # Refused, or reset while it starts.
            with contextlib.suppress(OSError):
                if ask(url).status == 200:
                    return
            time.sleep(0.1)
        ended = self.started.poll()
        state = "still runs" if ended is None else f"ended with {ended}"
        raise AssertionError(f"{url} did not answer 200; its process {state}. Its log:\n{self.log.read_text()[-4000:]}")
