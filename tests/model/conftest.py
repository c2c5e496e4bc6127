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
def runtime() -> ModuleType:
    return load("runtime")


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
def server(
    dockerfile: Dockerfile, model_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ModelServer]:
    """The image's command with the image's environment and nothing else; only paths and ports are this machine's."""
    root = tmp_path_factory.mktemp("srv")
    shutil.copytree(model_folder, root / "model")
    shutil.copy(MODEL / "runtime.py", root)
    http, grpc, metrics = free_port(), free_port(), free_port()
    variables = dockerfile.environment({"MODEL_VERSION": "1"}) | {
        "PATH": f"{Path(sys.executable).parent}:{os.defpath}",
        "MLSERVER_HOST": "127.0.0.1",
        "MLSERVER_HTTP_PORT": str(http),
        "MLSERVER_GRPC_PORT": str(grpc),
        "MLSERVER_METRICS_PORT": str(metrics),
    }
    environment = {name: value.replace("/srv", str(root)) for name, value in variables.items()}
    command = [word.replace("/srv", str(root)) for word in dockerfile.command]
    log = tmp_path_factory.mktemp("log") / "mlserver.log"
    with process(command, environment, root, log) as mlserver:
        mlserver.wait_until_ready(f"http://127.0.0.1:{http}/v2/models/mlflow-model/ready")
        yield ModelServer(f"http://127.0.0.1:{http}", f"http://127.0.0.1:{metrics}", root)
