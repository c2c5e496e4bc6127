"""What `up` ends with."""

import json

from tools import report

ANSWER = json.dumps({"outputs": [{"name": "output-1", "data": [0.5]}]})
MODEL = {
    "version": "2",
    "url": "http://127.0.0.1:8080/v2",
    "answer": ANSWER,
    "curl": "curl -sS http://127.0.0.1:8080/v2",
}


def test_every_models_answer_comes_with_the_command_that_gets_it_again() -> None:
    text = report.text({"tracking": "http://127.0.0.1:8080/mlflow", "models": {"wine": MODEL}}, "dev")
    assert text.splitlines() == [
        "MLflow: http://127.0.0.1:8080/mlflow",
        "",
        "wine, version 2, predicts [0.5]",
        "  curl -sS http://127.0.0.1:8080/v2",
    ]


def test_a_protected_stack_says_how_to_get_the_key() -> None:
    text = report.text({"models": {"wine": MODEL}, "apiKeys": "[secret]"}, "prod")
    assert text.endswith("export SLIPWAY_KEY=$(make -s key STACK=prod)")


def test_a_model_without_an_example_is_said_to_be_loaded_and_no_more() -> None:
    metadata = json.dumps({"name": "mlflow-model", "outputs": [{"name": "output-0", "datatype": "FP64"}]})
    text = report.text({"models": {"wine": {**MODEL, "answer": metadata, "curl": ""}}}, "dev")
    assert text.endswith(
        "wine, version 2, is loaded at http://127.0.0.1:8080/v2; it has no example of its own to be asked with"
    )


def test_a_server_with_users_is_shown_with_the_first_one_and_never_with_its_password() -> None:
    text = report.text({"tracking": "https://mlflow.example.com", "trackingPassword": "s3cret"}, "prod")
    assert "user admin" in text
    assert "trackingPassword" in text
    assert "s3cret" not in text
