"""MLflow with users: who knows the password, and how."""

import configparser

import pytest

from components.data.tracking_auth import configuration
from tests.unit.engine import Run, run_stack
from tests.unit.test_data import container, env_of, pod_of
from tests.unit.test_gateway import ingress


@pytest.fixture(scope="module")
def run() -> Run:
    secure = ingress({"selfSigned": {}})
    return run_stack("dev", {**secure, "tracking": {**secure["tracking"], "replicas": 2}})


def test_the_server_has_users_and_its_replicas_sign_with_one_key(run: Run) -> None:
    deployment = run.one("Deployment", "mlflow")
    assert deployment.inputs["spec"]["replicas"] == 2
    assert container(deployment)["command"][-2:] == ["--app-name", "basic-auth"]
    env = env_of(deployment)
    assert env["MLFLOW_FLASK_SERVER_SECRET_KEY"] == {"secretKeyRef": {"name": "mlflow-auth", "key": "signing-key"}}
    assert env["MLFLOW_AUTH_CONFIG_PATH"] == "/etc/mlflow/basic-auth.ini"


def test_the_file_with_the_databases_password_is_mounted_from_a_secret(run: Run) -> None:
    pod = pod_of(run.one("Deployment", "mlflow"))
    [volume] = [each for each in pod["volumes"] if each["name"] == "auth"]
    assert volume["secret"]["secretName"] == "mlflow-auth"
    # Only the file: the passwords beside it are no one's to read there.
    assert [item["key"] for item in volume["secret"]["items"]] == ["basic-auth.ini"]
    for each in [*pod["containers"], *pod["initContainers"]]:
        assert {"name": "auth", "mountPath": "/etc/mlflow", "readOnly": True} in each["volumeMounts"]
    file = run.one("Secret", "mlflow-auth").inputs["stringData"]["basic-auth.ini"]
    assert "postgresql+psycopg2://mlflow:s3cret@postgres.mlops:5432/mlflow" in file


def test_no_password_stands_outside_a_secret(run: Run) -> None:
    carriers = [entry for entry in run.kubernetes if entry.kind != "Secret"]
    assert not [entry for entry in carriers if "s3cret" in str(entry.inputs)]
    assert "s3cret" not in str(run.one("Secret", "mlflow-auth").hidden)


def test_the_training_logs_in_by_reference(run: Run) -> None:
    env = env_of(run.one("Job", "mlflow-wine-classifier-train"))
    assert env["MLFLOW_TRACKING_USERNAME"] == {"secretKeyRef": {"name": "mlflow-auth", "key": "username"}}
    assert env["MLFLOW_TRACKING_PASSWORD"] == {"secretKeyRef": {"name": "mlflow-auth", "key": "password"}}


def test_the_download_logs_in_with_a_password_that_is_secret_in_the_state(run: Run) -> None:
    files = run.one("ModelFiles", "mlflow-wine-classifier-files")
    assert (files.inputs["username"], files.inputs["password"]) == ("admin", "s3cret")
    assert files.hidden["password"] == "[secret]"
    assert "password" in files.secret_outputs


def test_a_password_with_a_percent_sign_survives_the_file() -> None:
    parser = configparser.ConfigParser()
    parser.read_string(configuration("postgresql+psycopg2://u:p%40ss@db/mlflow"))
    assert parser["mlflow"]["database_uri"] == "postgresql+psycopg2://u:p%40ss@db/mlflow"


def test_the_password_is_an_output_only_where_there_is_one(run: Run) -> None:
    assert run.outputs["trackingPassword"] == "s3cret"
    assert "trackingPassword" not in run_stack("dev").outputs
