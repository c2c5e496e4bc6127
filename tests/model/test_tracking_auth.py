"""MLflow's users, on a real server: with the file, the options and the variables that its Deployment has."""

import base64
import json
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from components.data.tracking_auth import ADMIN, FILE, configuration
from tests.model.conftest import MODEL
from tests.model.server import free_port, process

pytestmark = pytest.mark.model

PASSWORD = "a long enough password"
# The init container's own script, but for the lock, which is PostgreSQL's.
SET_UP = "import runpy; runpy.run_path('components/data/scripts/migrate.py')['set_up_users']()"
FETCH = (
    "import json, pathlib, sys; from components.serving.bringing import bring; "
    "print(bring(json.loads(sys.argv[1]), pathlib.Path(sys.argv[2]))['version'])"
)
ALIAS = "import sys, mlflow; mlflow.MlflowClient().set_registered_model_alias('wine-quality-model', 'champion', '1')"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("users")


@pytest.fixture(scope="module")
def server_environment(folder: Path) -> dict[str, str]:
    (folder / FILE).write_text(configuration(f"sqlite:///{folder}/users.db"))
    return {
        **environment(),
        "MLFLOW_AUTH_CONFIG_PATH": str(folder / FILE),
        "MLFLOW_BASIC_AUTH_FAIL_CLOSED": "true",
        "MLFLOW_AUTH_ADMIN_USERNAME": ADMIN,
        "MLFLOW_AUTH_ADMIN_PASSWORD": PASSWORD,
        "MLFLOW_FLASK_SERVER_SECRET_KEY": "signs",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    }


def environment() -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": os.environ["HOME"],
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "GIT_PYTHON_REFRESH": "quiet",
    }


def set_up(variables: dict[str, str], folder: Path) -> str:
    with process([sys.executable, "-c", SET_UP], variables, Path.cwd(), folder / "set-up.log") as script:
        assert script.started.wait(120) == 0, script.log.read_text()
    return script.log.read_text()


@pytest.fixture(scope="module")
def url(folder: Path, server_environment: dict[str, str]) -> Iterator[str]:
    """Below a path, as on a stack where MLflow has no host of its own."""
    # An earlier stack left another password.
    set_up({**server_environment, "MLFLOW_AUTH_ADMIN_PASSWORD": "the password of another stack"}, folder)
    assert "replaced" in set_up(server_environment, folder)
    assert "replaced" not in set_up(server_environment, folder)
    port = free_port()
    serve = [sys.executable, "-m", "mlflow", "server", "--port", str(port), "--workers", "1"]
    serve += ["--static-prefix", "/mlflow", "--app-name", "basic-auth"]
    serve += ["--backend-store-uri", f"sqlite:///{folder}/mlflow.db"]
    serve += ["--artifacts-destination", str(folder / "artifacts")]
    with process(serve, server_environment, folder, folder / "server.log") as server:
        server.wait_until_ready(f"http://127.0.0.1:{port}/mlflow/health")
        yield f"http://127.0.0.1:{port}/mlflow"


def status(url: str, login: str | None = None, body: object = None) -> int:
    headers = {"Content-Type": "application/json"}
    if login:
        headers["Authorization"] = f"Basic {base64.b64encode(login.encode()).decode()}"
    data = None if body is None else json.dumps(body).encode()
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data, headers), timeout=30) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


@pytest.mark.parametrize(
    "path",
    [
        "/api/2.0/mlflow/experiments/get?experiment_id=0",
        "/api/2.0/mlflow/registered-models/search",
        "/ajax-api/2.0/mlflow/experiments/get?experiment_id=0",
        "/api/2.0/mlflow-artifacts/artifacts",
        "/",
    ],
)
def test_without_a_user_nothing_is_told(url: str, path: str) -> None:
    assert status(url + path) == 401
    assert status(url + path, "admin:wrong") == 401
    assert status(url + path, "admin:the password of another stack") == 401
    assert status(url + path, f"admin:{PASSWORD}") == 200


def test_nobody_can_upload_or_make_a_user_without_being_one(url: str) -> None:
    upload = urllib.request.Request(f"{url}/api/2.0/mlflow-artifacts/artifacts/x.txt", b"x", method="PUT")
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(upload, timeout=30)
    assert refused.value.code == 401
    user = {"username": "mallory", "password": "a long enough password"}
    assert status(f"{url}/api/2.0/mlflow/users/create", None, user) == 401


def test_the_probe_needs_no_user(url: str) -> None:
    assert status(f"{url}/health") == 200


def test_the_training_and_the_download_log_in(url: str, folder: Path) -> None:
    client = {
        **environment(),
        "MLFLOW_TRACKING_URI": url,
        "MLFLOW_TRACKING_USERNAME": ADMIN,
        "MLFLOW_TRACKING_PASSWORD": PASSWORD,
    }
    train = [sys.executable, str(MODEL / "train.py"), "--ensure", "1"]
    with process(train, client, folder, folder / "train.log") as training:
        assert training.started.wait(180) == 0, training.log.read_text()
    with process([sys.executable, "-c", ALIAS], client, folder, folder / "alias.log") as alias:
        assert alias.started.wait(60) == 0, alias.log.read_text()

    props = {"source": "models:/wine-quality-model@champion", "tracking_uri": url, "server": str(MODEL)}
    props |= {"username": ADMIN, "password": PASSWORD}
    fetch = [sys.executable, "-c", FETCH, json.dumps(props), str(folder / "context")]
    with process(fetch, environment(), Path.cwd(), folder / "fetch.log") as download:
        assert download.started.wait(120) == 0, download.log.read_text()
    assert download.log.read_text().strip().endswith("1")
    assert (folder / "context" / "model" / "MLmodel").is_file()
