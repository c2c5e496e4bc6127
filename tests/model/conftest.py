"""Real MLflow in SQLite, and real MLServer with the settings that the Dockerfile gives it.

One training and one server serve the whole session.
"""

import contextlib
import importlib.util
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

import mlflow
import pytest
import yaml
from mlflow import MlflowClient

from tests.model.server import ModelServer, free_port, process
from tools.dockerfile import Dockerfile

MODEL = Path(__file__).parents[2] / "model"


class Serve(Protocol):
    def __call__(
        self, model_folder: Path, server: str = "mlserver"
    ) -> contextlib.AbstractContextManager[ModelServer]: ...


class Train(Protocol):
    def __call__(self, *arguments: str) -> None: ...


def load(name: str) -> ModuleType:
    """A file of model/, which is no package: the Job and the image each take one file out of it."""
    spec = importlib.util.spec_from_file_location(f"model_{name}", MODEL / f"{name}.py")
    assert spec
    assert spec.loader
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def training() -> ModuleType:
    return load("train")


@pytest.fixture(scope="session")
def dockerfile() -> Dockerfile:
    return Dockerfile.read()


@pytest.fixture(scope="session")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MlflowClient]:
    """A tracking store and registry of this session's own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
        # MLflow itself sets it, for its child processes.
        patch.setenv("MLFLOW_TRACKING_URI", "")
        yield MlflowClient(f"sqlite:///{tmp_path_factory.mktemp('mlflow')}/mlflow.db")
        mlflow.set_tracking_uri("")


@pytest.fixture(scope="session")
def train(training: ModuleType, client: MlflowClient, tmp_path_factory: pytest.TempPathFactory) -> Train:
    """train.py with these arguments, in this process: importing MLflow anew would take longer than all else."""
    artifacts = tmp_path_factory.mktemp("artifacts")

    def run(*arguments: str) -> None:
        with contextlib.chdir(artifacts):
            training.main(["--tracking-uri", client.tracking_uri, *arguments])

    return run


@pytest.fixture(scope="session")
def trained(train: Train) -> str:
    """The first version that train.py registers when every default is left as it is."""
    train()
    return "models:/wine-quality-model/1"


@pytest.fixture(scope="session")
def model_folder(trained: str, client: MlflowClient, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("downloaded")
    return Path(mlflow.artifacts.download_artifacts(trained, dst_path=str(folder), tracking_uri=client.tracking_uri))


@pytest.fixture(scope="session")
def example(model_folder: Path) -> Mapping[str, Any]:
    return dict(yaml.safe_load((model_folder / "MLmodel").read_text())["metadata"]["slipway_example"])


@pytest.fixture(scope="session")
def serve(dockerfile: Dockerfile, tmp_path_factory: pytest.TempPathFactory) -> Serve:
    """The image's command with the image's environment and nothing else; only paths and ports are this machine's."""

    @contextlib.contextmanager
    def run(model_folder: Path, server: str = "mlserver") -> Iterator[ModelServer]:
        root = tmp_path_factory.mktemp("srv")
        shutil.copytree(model_folder, root / "model")
        shutil.copytree(MODEL / "runtime", root / "runtime", ignore=shutil.ignore_patterns("__pycache__"))
        http, grpc, metrics = free_port(), free_port(), free_port()
        variables = dockerfile.environment({"MODEL_VERSION": "1", "SERVER": server}) | {
            "PATH": f"{server_python(server).parent}:{os.defpath}",
            "MODEL_PYTHON": sys.executable,
            "MLSERVER_HOST": "127.0.0.1",
            "MLSERVER_HTTP_PORT": str(http),
            "MLSERVER_GRPC_PORT": str(grpc),
            "MLSERVER_METRICS_PORT": str(metrics),
        }
        environment = {name: value.replace("/srv", str(root)) for name, value in variables.items()}
        log = tmp_path_factory.mktemp("log") / "server.log"
        with process(dockerfile.command, environment, root, log) as started:
            started.wait_until_ready(f"http://127.0.0.1:{http}/v2/models/mlflow-model/ready")
            urls = (f"http://127.0.0.1:{http}", f"http://127.0.0.1:{metrics}", f"127.0.0.1:{grpc}")
            yield ModelServer(*urls, root, started)

    return run


def server_python(server: str) -> Path:
    """The Python of the server's environment: MLServer is in this one, KServe's wants an environment of its own."""
    if server == "mlserver":
        return Path(sys.executable)
    python = os.environ.get("KSERVE_PYTHON")
    if not python:
        pytest.skip("KSERVE_PYTHON names no Python with model/servers/kserve.txt installed: make test-servers")
    return Path(python)


@pytest.fixture(scope="session", params=["mlserver", "kserve"])
def server(request: pytest.FixtureRequest, serve: Serve, model_folder: Path) -> Iterator[ModelServer]:
    """The example model behind each server."""
    with serve(model_folder, request.param) as running:
        yield running
