"""Real MLflow in SQLite, and real MLServer with the settings that the Dockerfile gives it."""

import contextlib
import importlib.util
import json
import os
import shlex
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import mlflow
import pytest
import yaml
from mlflow import MlflowClient

MODEL = Path(__file__).parents[2] / "model"
START_SECONDS = 120
SETTINGS = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}

Train = Callable[..., str]


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def script(name: str) -> ModuleType:
    """A file of model/, which is no package: the image and the Job each take one file out of it."""
    spec = importlib.util.spec_from_file_location(f"model_{name}", MODEL / f"{name}.py")
    assert spec and spec.loader
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@dataclass(frozen=True)
class Dockerfile:
    """The Dockerfile's instructions in order, lines joined, comments dropped."""

    instructions: list[tuple[str, str]]

    @classmethod
    def read(cls) -> "Dockerfile":
        lines = [line for line in (MODEL / "Dockerfile").read_text().splitlines() if not line.startswith("#")]
        joined = "\n".join(lines).replace("\\\n", " ").splitlines()
        return cls([(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in joined if line)])

    def all(self, instruction: str) -> list[str]:
        return [rest for word, rest in self.instructions if word == instruction]

    def environment(self, build_args: Mapping[str, str]) -> dict[str, str]:
        pairs = [pair for rest in self.all("ENV") for pair in shlex.split(rest)]
        values = dict(pair.split("=", 1) for pair in pairs)
        for name, value in build_args.items():
            values = {key: text.replace(f"${{{name}}}", value) for key, text in values.items()}
        return values

    @property
    def command(self) -> list[str]:
        return list(json.loads(self.all("CMD")[-1]))


@dataclass(frozen=True)
class Answer:
    status: int
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


@dataclass(frozen=True)
class Server:
    url: str
    metrics_url: str
    # What stands for the image's /srv, and the files in it before the server began.
    root: Path
    files: frozenset[Path]
    example: Mapping[str, Any] = field(default_factory=dict)

    def get(self, path: str) -> Answer:
        return ask(self.url + path)

    def infer(self, *inputs: Mapping[str, Any]) -> Answer:
        return ask(f"{self.url}/v2/models/mlflow-model/infer", {"inputs": inputs})


def ask(url: str, body: Mapping[str, Any] | None = None) -> Answer:
    data = None if body is None else json.dumps(body).encode()
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data, {"Content-Type": "application/json"})) as answer:
            return Answer(answer.status, answer.read().decode())
    except urllib.error.HTTPError as error:
        return Answer(error.code, error.read().decode())


def files_below(folder: Path) -> frozenset[Path]:
    return frozenset(folder.rglob("*"))


def wait_until_ready(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(urllib.error.URLError):
            if ask(url).status == 200:
                return
        time.sleep(0.1)
    pytest.fail(f"{url} did not answer 200 (the process's code: {process.poll()}):\n{log.read_text()[-4000:]}")


@pytest.fixture(scope="session")
def dockerfile() -> Dockerfile:
    return Dockerfile.read()


@pytest.fixture(scope="session")
def training() -> ModuleType:
    return script("train")


@pytest.fixture(scope="session")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MlflowClient]:
    """A tracking store and registry of this session's own."""
    before = dict(os.environ)
    os.environ.update(SETTINGS)
    uri = f"sqlite:///{tmp_path_factory.mktemp('mlflow')}/mlflow.db"
    yield MlflowClient(uri)
    mlflow.set_tracking_uri(None)
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(scope="session")
def train(training: ModuleType, client: MlflowClient, tmp_path_factory: pytest.TempPathFactory) -> Train:
    """train.py with these arguments, as its own process would run it; returns nothing, exits where it would."""
    artifacts = tmp_path_factory.mktemp("artifacts")

    def run(*arguments: str) -> None:
        with contextlib.chdir(artifacts):
            training.main(["--tracking-uri", client.tracking_uri, *arguments])

    return run


@pytest.fixture(scope="session")
def trained(train: Train) -> None:
    """Version 1 of wine-quality-model, with every default."""
    train()


@pytest.fixture(scope="session")
def model_folder(trained: None, client: MlflowClient, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("downloaded")
    source = "models:/wine-quality-model/1"
    return Path(mlflow.artifacts.download_artifacts(source, dst_path=str(folder), tracking_uri=client.tracking_uri))


@pytest.fixture(scope="session")
def example(model_folder: Path) -> Mapping[str, Any]:
    return dict(yaml.safe_load((model_folder / "MLmodel").read_text())["metadata"]["slipway_example"])


@pytest.fixture(scope="session")
def server(dockerfile: Dockerfile, model_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The image's command with the image's environment and nothing else; only paths and ports are this machine's."""
    root = tmp_path_factory.mktemp("srv")
    shutil.copytree(model_folder, root / "model")
    shutil.copy(MODEL / "runtime.py", root)
    http, metrics = free_port(), free_port()
    given = dockerfile.environment({"MODEL_VERSION": "1"})
    environment = {key: value.replace("/srv", str(root)) for key, value in given.items()} | {
        "PATH": f"{Path(sys.executable).parent}:{os.defpath}",
        "MLSERVER_HOST": "127.0.0.1",
        "MLSERVER_HTTP_PORT": str(http),
        "MLSERVER_GRPC_PORT": str(free_port()),
        "MLSERVER_METRICS_PORT": str(metrics),
    }
    command = [word.replace("/srv", str(root)) for word in dockerfile.command]
    files = files_below(root)
    log = tmp_path_factory.mktemp("log") / "mlserver.log"
    with log.open("wb") as out, subprocess.Popen(command, env=environment, cwd=root, stdout=out, stderr=out) as process:
        try:
            server = Server(f"http://127.0.0.1:{http}", f"http://127.0.0.1:{metrics}", root, files)
            wait_until_ready(f"{server.url}/v2/models/mlflow-model/ready", process, log)
            yield server
        finally:
            process.terminate()
