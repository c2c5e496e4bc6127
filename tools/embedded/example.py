"""The example without a cluster: MLflow on SQLite, the model trained, registered and served by MLServer."""

import json
import shutil
import sys
import urllib.parse
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import uv

from components import settings as s
from components.clients import private
from components.clients.process import CommandFailed, run
from components.clients.tracking_server import TrackingServer
from components.dynamic import model_files
from components.dynamic.model_files import ModelFilesArgs, ModelFilesProvider
from components.errors import SlipwayError
from components.models.model_image import SERVER
from components.models.training import arguments_of
from components.serving.protocol import MODEL
from components.settings.model_source import RegisteredModel, parse_source
from tools.dockerfile import Dockerfile
from tools.embedded import waiting
from tools.embedded.fetching import fetched
from tools.embedded.processes import Background
from tools.files import write_whole

# The first start makes the database; every later one is a fraction of it.
MLFLOW_SECONDS = 300.0
MLSERVER_SECONDS = 300.0


@dataclass(frozen=True)
class Example:
    """The servers whose data and logs are in `folder` (absolute)."""

    folder: Path
    ports: Mapping[str, int]
    env: Mapping[str, str]
    say: Callable[[str], None]

    @property
    def tracking_uri(self) -> str:
        return f"http://127.0.0.1:{self.ports['tracking']}"

    @property
    def model_url(self) -> str:
        return f"http://127.0.0.1:{self.ports['model']}"

    @property
    def mlflow(self) -> Background:
        return Background(self.folder, "mlflow")

    @property
    def mlserver(self) -> Background:
        return Background(self.folder, "mlserver")

    def start_tracking(self) -> None:
        """Start MLflow without waiting for it."""
        store = self.folder / "mlflow"
        private.folder(store)
        options = {
            "--host": "127.0.0.1",
            "--port": str(self.ports["tracking"]),
            "--workers": "1",
            "--backend-store-uri": f"sqlite:///{store / 'mlflow.db'}",
            "--artifacts-destination": str(store / "artifacts"),
        }
        words = [word for option in options.items() for word in option]
        self.mlflow.start([sys.executable, "-m", "mlflow", "server", *words], self._mlflow_env(), store)

    def wait_for_tracking(self) -> None:
        waiting.until(self.mlflow, f"{self.tracking_uri}/health", MLFLOW_SECONDS)

    def serve(self, model: s.Model) -> None:
        """Train the version if it is missing, and return when MLServer is ready with it. Raises SlipwayError."""
        source = parse_source(model.source)
        if isinstance(source, RegisteredModel):
            self.wait_for_tracking()
            if model.train and not self._is_registered(source):
                self._train(model.train, source)
        olds = json.loads(self._served.read_text()) if self._served.is_file() else {}
        folder = self.folder / "serving"
        given = model_files.inputs(
            ModelFilesArgs(
                source=model.source,
                tracking_uri=self.tracking_uri if isinstance(source, RegisteredModel) else None,
                login=None,
                server=SERVER,
                cluster="",
                build=None,
            )
        )
        provider = ModelFilesProvider()
        props = provider.check(olds, {key: value for key, value in given.items() if value is not None}).inputs
        if not folder.is_dir() or not olds or provider.changed(olds, props):
            self.mlserver.stop()
            self.say("fetching the model's files from MLflow" if isinstance(source, RegisteredModel) else "copying it")
            # What is half here is not what was served.
            self.forget()
            shutil.rmtree(folder, ignore_errors=True)
            olds = {**props, **fetched(props, folder, self.env)}
            write_whole(self._served, json.dumps(olds))
        self._start_mlserver(folder, olds["version"])

    def stop(self) -> None:
        self.mlserver.stop()
        self.mlflow.stop()

    def forget(self) -> None:
        """Have the next `serve` bring the model's files anew."""
        self._served.unlink(missing_ok=True)

    @property
    def _served(self) -> Path:
        """What the model server was given."""
        return self.folder / "served.json"

    def running(self) -> dict[str, bool]:
        return {process.name: process.pid is not None for process in (self.mlflow, self.mlserver)}

    def _mlflow_env(self) -> dict[str, str]:
        # As in the cluster: its background workers are for GenAI evaluations, and take memory.
        return {**self.env, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}

    def _is_registered(self, model: RegisteredModel) -> bool:
        """Whether MLflow has the version or alias; the training script would ask the same, seconds later."""
        if model.version is None:
            try:
                return bool(TrackingServer(uri=self.tracking_uri).version_of(model))
            except LookupError:
                return False
        query = urllib.parse.urlencode({"name": model.name, "version": model.version})
        return waiting.answers(f"{self.tracking_uri}/api/2.0/mlflow/model-versions/get?{query}")

    def _train(self, train: s.Train, model: RegisteredModel) -> None:
        """What the Job would run, here."""
        script = Path(train.script).absolute()
        arguments = arguments_of(model, train.args)
        self.say(f"{train.script}: training {model.name} {model.wanted}")
        env = {**self._mlflow_env(), "MLFLOW_TRACKING_URI": self.tracking_uri, "GIT_PYTHON_REFRESH": "quiet"}
        if train.folder and (requirements := Path(train.folder) / "requirements.txt").is_file():
            env["PYTHONPATH"] = str(self._installed(requirements.absolute()))
        try:
            run([sys.executable, str(script), *arguments], env=env, cwd=self.folder, timeout=None)
        except CommandFailed as error:
            raise SlipwayError(f"{train.script} failed:\n{error.output[-3000:]}") from None

    def _installed(self, requirements: Path) -> Path:
        """A folder with what a training requires, as the Job has one."""
        site = self.folder / "training"
        install = [uv.find_uv_bin(), "pip", "install", "--quiet", "--python", sys.executable, "--target", str(site)]
        run([*install, "--requirement", str(requirements)], timeout=None)
        return site

    def _start_mlserver(self, folder: Path, version: str) -> None:
        """The image's command with the image's environment; only folders, ports and the host are this machine's."""
        root = str(folder)
        dockerfile = Dockerfile.read()
        image = {
            name: value.replace("/srv", root)
            for name, value in dockerfile.environment({"MODEL_VERSION": version}).items()
        }
        here = {
            "PATH": self.env["PATH"],
            # The model's environment is this one too.
            "MODEL_PYTHON": sys.executable,
            "MLSERVER_HOST": "127.0.0.1",
            "MLSERVER_HTTP_PORT": str(self.ports["model"]),
            "MLSERVER_GRPC_PORT": str(self.ports["model-grpc"]),
            "MLSERVER_METRICS_PORT": str(self.ports["model-metrics"]),
        }
        if not self.mlserver.pid:
            self.say("starting MLServer with the model")
        self.mlserver.start([word.replace("/srv", root) for word in dockerfile.command], {**image, **here}, Path(root))
        waiting.until(self.mlserver, f"{self.model_url}/v2/models/{MODEL}/ready", MLSERVER_SECONDS)
