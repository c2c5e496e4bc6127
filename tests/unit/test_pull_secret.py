"""What is pushed to a private registry can be pulled from it."""

import base64
import json
from typing import Any

import pytest

from components.kubernetes import pull_secret
from components.settings import parse_settings
from tests.unit.engine import Run, run_stack
from tests.unit.test_settings import GOOD

LOGIN = {"username": "pusher", "password": "s3cret"}
HOSTS = {"hosts": ["mlflow.slipway.localhost"]}
REGISTRY = {"address": "registry.example.com:5000/team", **LOGIN}


def run(**changes: Any) -> Run:
    return run_stack("prod", {"registry": REGISTRY, "teams": [{"name": "fraud"}], **changes})


def accounts(made: Run) -> dict[str, Any]:
    return {
        f"{entry.inputs['metadata']['namespace']}/{entry.inputs['metadata']['name']}": entry.inputs.get(
            "imagePullSecrets"
        )
        for entry in made.of("ServiceAccount")
    }


def test_every_namespace_of_models_has_the_registrys_credentials_and_its_account_uses_them() -> None:
    made = run()
    secrets = [entry for entry in made.of("Secret") if entry.inputs.get("type") == "kubernetes.io/dockerconfigjson"]
    assert {entry.inputs["metadata"]["namespace"] for entry in secrets} == {"models", "fraud"}
    for entry in secrets:
        assert entry.hidden["stringData"] == "[secret]"
        said = json.loads(entry.inputs["stringData"][".dockerconfigjson"])
        login = {"username": "pusher", "password": "s3cret", "auth": base64.b64encode(b"pusher:s3cret").decode()}
        assert said == {"auths": {"registry.example.com:5000": login}}
    known = accounts(made)
    assert known["models/model"] == known["fraud/model"] == [{"name": "registry"}]
    assert known["mlops/data"] is known["mlops/mlflow"] is None
    predictor = made.one("InferenceService").inputs["spec"]["predictor"]
    assert predictor["serviceAccountName"] == "model"


def test_a_mirror_on_the_same_registry_is_pulled_from_with_them_too() -> None:
    known = accounts(run(imageMirror="registry.example.com:5000/mirror"))
    assert set(map(str, known.values())) == {"[{'name': 'registry'}]"}
    elsewhere = accounts(run(imageMirror="mirror.example.com"))
    assert elsewhere["mlops/mlflow"] is None


def test_a_registry_that_asks_nobody_needs_no_secret() -> None:
    made = run(registry={"address": "registry.example.com/models"})
    assert not [entry for entry in made.of("Secret") if entry.inputs.get("type") == "kubernetes.io/dockerconfigjson"]
    assert set(accounts(made).values()) == {None}


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("registry.example.com/team", "registry.example.com"),
        ("localhost:5001", "localhost:5001"),
        ("somebody/models", "docker.io"),
    ],
)
def test_the_host_of_a_registry_is_what_a_node_looks_credentials_up_by(address: str, host: str) -> None:
    cluster = {"existing": {"kubeconfig": "~/.kube/config", "context": "c"}}
    settings = parse_settings(
        {**GOOD, "cluster": cluster, "tracking": HOSTS, "registry": {"address": address, **LOGIN}}
    )
    registry = pull_secret.of_models(settings)
    assert registry
    assert list(json.loads(pull_secret.content(registry))["auths"]) == [host]
