import json
import os
import re
import sys
import threading
import time
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Any

import mlflow
import numpy as np
import pytest
from mlflow import MlflowClient
from mlflow.entities import Run
from mlflow.tracking._tracking_service.client import TrackingServiceClient
from sklearn.datasets import load_wine
from sklearn.linear_model import ElasticNet
from sklearn.metrics import mean_absolute_error, mean_squared_error, r2_score
from sklearn.model_selection import train_test_split

from tests.model.conftest import MODEL, Train
from tests.model.server import ask, free_port, process

pytestmark = pytest.mark.model


def runs(client: MlflowClient, experiment: str) -> list[Run]:
    found = client.get_experiment_by_name(experiment)
    return list(client.search_runs([found.experiment_id])) if found else []


def versions(client: MlflowClient, model: str) -> list[int]:
    return sorted(int(each.version) for each in client.search_model_versions(f"name='{model}'"))


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    """A name for a registered model and an experiment of this test's own."""
    return re.sub(r"\W+", "-", request.node.name)


@pytest.fixture
def own(name: str) -> tuple[str, ...]:
    return ("--registered-model", name, "--experiment", name)


@pytest.mark.usefixtures("trained")
def test_the_run_holds_name_parameters_and_metrics(client: MlflowClient) -> None:
    [run] = [run for run in runs(client, "wine-quality") if run.info.run_name == "default-params"]
    features, target = load_wine(return_X_y=True)
    train_x, test_x, train_y, test_y = train_test_split(features, target, test_size=0.25, random_state=42)
    predictions = ElasticNet(alpha=1.0, l1_ratio=0.5).fit(train_x, train_y).predict(test_x)

    assert run.info.status == "FINISHED"
    assert run.data.params == {"alpha": "1.0", "l1_ratio": "0.5"}
    assert run.data.metrics == pytest.approx(
        {
            "rmse": mean_squared_error(test_y, predictions) ** 0.5,
            "r2": r2_score(test_y, predictions),
            "mae": mean_absolute_error(test_y, predictions),
        }
    )


@pytest.mark.usefixtures("trained")
def test_the_first_version_comes_from_that_run(client: MlflowClient) -> None:
    registered = client.get_model_version("wine-quality-model", "1")
    [run] = [run for run in runs(client, "wine-quality") if run.info.run_name == "default-params"]
    assert registered.status == "READY"
    assert registered.run_id == run.info.run_id


def test_the_signature_takes_rows_of_13_numbers_and_gives_one_each(model_folder: Path) -> None:
    signature = mlflow.models.get_model_info(str(model_folder)).signature
    assert signature is not None
    assert [(spec.type, spec.shape) for spec in signature.inputs] == [(np.dtype("float64"), (-1, 13))]
    assert [(spec.type, spec.shape) for spec in signature.outputs] == [(np.dtype("float64"), (-1,))]


def test_the_model_carries_an_input_example(model_folder: Path, example: Mapping[str, Any]) -> None:
    saved = json.loads((model_folder / "serving_input_example.json").read_text())
    assert saved["inputs"] == example["inputs"][0]["data"]


def test_the_requirements_are_few_and_are_what_is_installed_here(model_folder: Path) -> None:
    names = ["mlflow", "numpy", "pandas", "scikit-learn", "scipy", "skops"]
    assert (model_folder / "requirements.txt").read_text().split() == [f"{name}=={version(name)}" for name in names]


def test_the_example_is_what_the_registered_model_predicts(model_folder: Path, example: Mapping[str, Any]) -> None:
    [tensor] = example["inputs"]
    assert {key: tensor[key] for key in ("name", "shape", "datatype")} == {
        "name": "input-0",
        "shape": [1, 13],
        "datatype": "FP64",
    }
    prediction = mlflow.pyfunc.load_model(str(model_folder)).predict(np.array(tensor["data"]))
    assert example["outputs"] == pytest.approx(prediction.tolist(), abs=1e-12)


def test_a_model_that_contradicts_its_example_is_not_registered(
    training: ModuleType, model_folder: Path, example: Mapping[str, Any]
) -> None:
    wrong = {**example, "outputs": [example["outputs"][0] + 1e-6]}
    with pytest.raises(SystemExit, match="not registered"):
        training.check(str(model_folder), wrong)


def test_a_version_that_is_there_is_not_trained_again(
    client: MlflowClient, train: Train, own: tuple[str, ...], name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    train(*own, "--ensure", "1")
    train(*own, "--ensure", "1", "--alpha", "0.5")

    assert f"models:/{name}/1 is there (version 1): nothing to train" in capsys.readouterr().out
    assert len(runs(client, name)) == 1
    assert versions(client, name) == [1]


def test_the_next_version_is_trained_with_its_own_parameters(
    client: MlflowClient, train: Train, own: tuple[str, ...], name: str
) -> None:
    train(*own, "--ensure", "1")
    train(*own, "--ensure", "2", "--alpha", "0.25", "--l1-ratio", "0.75", "--run", "gentler")

    second = client.get_run(str(client.get_model_version(name, "2").run_id))
    assert versions(client, name) == [1, 2]
    assert second.info.run_name == "gentler"
    assert second.data.params == {"alpha": "0.25", "l1_ratio": "0.75"}


def test_a_version_further_ahead_is_refused_before_any_training(
    client: MlflowClient, train: Train, own: tuple[str, ...], name: str
) -> None:
    with pytest.raises(SystemExit) as refusal:
        train(*own, "--ensure", "9")

    assert str(refusal.value) == (
        f"models:/{name}/9 does not exist, and training would make version 1: "
        "ask for 1, or for one of those registered: none yet"
    )
    assert client.get_experiment_by_name(name) is None
    assert versions(client, name) == []


def test_a_missing_alias_is_set_on_the_version_just_trained(
    client: MlflowClient, train: Train, own: tuple[str, ...], name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    train(*own, "--ensure", "1")
    train(*own, "--ensure", "@champion")
    train(*own, "--ensure", "@champion")

    assert int(client.get_model_version_by_alias(name, "champion").version) == 2
    assert versions(client, name) == [1, 2]
    assert f"models:/{name}@champion is there (version 2): nothing to train" in capsys.readouterr().out


def test_a_number_that_was_given_before_is_said_to_be_gone(
    client: MlflowClient, train: Train, own: tuple[str, ...], name: str
) -> None:
    train(*own, "--ensure", "1")
    client.delete_model_version(name, "1")

    with pytest.raises(SystemExit, match=r"registered models:/\S+/2 where 1 was asked for.*Ask for 2"):
        train(*own, "--ensure", "1")


def test_of_two_runs_for_one_version_the_later_lets_the_earlier_register(
    client: MlflowClient, train: Train, own: tuple[str, ...], name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    experiment = client.create_experiment(name)
    earlier = client.create_run(experiment, tags={"slipway.ensure": f"{name}/1"}).info.run_id

    def register() -> None:
        while len(runs(client, name)) < 2:
            time.sleep(0.1)
        time.sleep(1)
        client.create_registered_model(name)
        client.create_model_version(name, source=f"runs:/{earlier}/model", run_id=earlier)
        client.set_terminated(earlier)

    other = threading.Thread(target=register)
    other.start()
    train(*own, "--ensure", "1")
    other.join()

    said = capsys.readouterr().out
    assert f"run {earlier} is making {name}/1 too: waiting for its end" in said
    assert f"models:/{name}/1 is there (version 1): nothing to train" in said
    assert versions(client, name) == [1]


def test_a_run_whose_experiment_was_made_a_moment_ago_by_another_is_beside_it(
    client: MlflowClient, train: Train, own: tuple[str, ...], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.create_experiment(name)
    find, asked = TrackingServiceClient.get_experiment_by_name, list[str]()

    def not_yet(self: TrackingServiceClient, wanted: str) -> Any:
        asked.append(wanted)
        return find(self, wanted) if len(asked) > 1 else None  # type: ignore[no-untyped-call]

    monkeypatch.setattr(TrackingServiceClient, "get_experiment_by_name", not_yet)
    train(*own, "--ensure", "1")
    assert len(runs(client, name)) == 1


def test_a_run_that_was_killed_is_not_waited_for(
    client: MlflowClient, train: Train, own: tuple[str, ...], name: str, training: ModuleType
) -> None:
    experiment = client.create_experiment(name)
    long_ago = int((time.time() - training.TURN_SECONDS - 1) * 1000)
    client.create_run(experiment, start_time=long_ago, tags={"slipway.ensure": f"{name}/1"})

    train(*own, "--ensure", "1")
    assert versions(client, name) == [1]


@pytest.mark.parametrize("reference", ["0", "-1", "1.0", "champion", "@", "@latest", "@v3", "models:/wine/1", ""])
def test_what_is_neither_version_nor_alias_is_refused(
    training: ModuleType, reference: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        training.parse(["--tracking-uri", "http://mlflow:5000", f"--ensure={reference}"])
    assert f"{reference!r} is neither a version number (7) nor an alias (@champion)" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("argument", "reason"),
    [
        ("--alpha=-1", "'-1' is not a number of 0 or more"),
        ("--alpha=nan", "'nan' is not a number of 0 or more"),
        ("--l1-ratio=1.5", "'1.5' is not between 0 and 1"),
    ],
)
def test_a_parameter_out_of_its_range_is_refused(
    training: ModuleType, argument: str, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        training.parse(["--tracking-uri", "http://mlflow:5000", argument])
    assert reason in capsys.readouterr().err


def test_without_a_tracking_server_it_says_how_to_name_one(
    training: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    with pytest.raises(SystemExit):
        training.parse([])
    assert "give --tracking-uri or set MLFLOW_TRACKING_URI" in capsys.readouterr().err


def test_a_server_that_never_answers_is_given_up(training: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "HEALTH_ATTEMPTS", 3)
    monkeypatch.setattr(training, "HEALTH_PAUSE_SECONDS", 0.01)
    url = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(SystemExit, match=rf"{url}/health did not answer within 0 s\..*Connection refused"):
        training.wait_for_server(url)


def test_the_script_alone_waits_for_a_real_server_and_registers_there(tmp_path: Path) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    environment = os.environ | {
        "MLFLOW_TRACKING_URI": url,
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    }
    store = f"sqlite:///{tmp_path}/mlflow.db"
    serve = [sys.executable, "-m", "mlflow", "server", "--port", str(port), "--workers", "1"]
    serve += ["--backend-store-uri", store, "--artifacts-destination", str(tmp_path / "artifacts")]
    (tmp_path / "job").mkdir()
    script = tmp_path / "job" / "train.py"
    script.write_text((MODEL / "train.py").read_text())

    job = process([sys.executable, "train.py", "--ensure", "1"], environment, tmp_path / "job", tmp_path / "job.log")
    server = process(serve, environment, tmp_path, tmp_path / "server.log")
    with job as training, server:
        assert training.started.wait(120) == 0, training.log.read_text()
        found = ask(f"{url}/api/2.0/mlflow/model-versions/get?name=wine-quality-model&version=1")

    assert "registered models:/wine-quality-model/1" in training.log.read_text()
    assert found.json["model_version"]["status"] == "READY"
    assert list((tmp_path / "job").iterdir()) == [script]
