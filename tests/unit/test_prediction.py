"""The gate: asks until the right version gives the right answer, and no longer than it was told."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from components.dynamic import prediction
from components.dynamic.prediction import Refused, predict
from tests.unit.http_server import served_by

EXAMPLE = {"inputs": [{"name": "input-0", "shape": [1, 2], "datatype": "FP64", "data": [[1.0, 2.0]]}], "outputs": [0.5]}


def answer(value: float = 0.5, version: str = "1") -> tuple[int, dict[str, Any]]:
    return 200, {"model_name": "mlflow-model", "model_version": version, "outputs": [{"data": [value]}]}


@contextmanager
def served(*answers: tuple[int, Any]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A server that gives `answers` one after another, the last one for ever; yields its address and the requests."""
    asked: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status, content = answers[min(len(asked), len(answers) - 1)]
            asked.append({"host": self.headers["Host"], "path": self.path, "body": body})
            if track := self.headers["x-slipway-version"]:
                asked[-1]["track"] = track
            self.send_response(status)
            self.end_headers()
            self.wfile.write(content.encode() if isinstance(content, str) else json.dumps(content).encode())

        def log_message(self, *_: Any) -> None:
            pass

    with served_by(Handler) as address:
        yield address, asked


def props(address: str, **changes: Any) -> dict[str, Any]:
    usual = {
        "address": address,
        "host": "wine-models.slipway.localhost",
        "path": "/v2/models/mlflow-model/infer",
        "example": json.dumps(EXAMPLE),
        "version": "1",
        "seconds": 5.0,
        "look": "`kubectl describe`",
    }
    return {**usual, **changes}


def test_the_answer_comes_with_the_command_that_gets_it_again() -> None:
    with served(answer()) as (address, asked):
        got = predict(props(address))
    assert json.loads(got["answer"])["outputs"][0]["data"] == [0.5]
    assert asked[0] == {
        "host": "wine-models.slipway.localhost",
        "path": "/v2/models/mlflow-model/infer",
        "body": {"inputs": EXAMPLE["inputs"]},
    }
    assert got["curl"].startswith("curl -sS -H 'Host: wine-models.slipway.localhost'")
    assert got["curl"].endswith(f"http://{address}/v2/models/mlflow-model/infer")


def test_a_model_on_its_way_is_waited_for() -> None:
    with served((404, "no route"), (503, "no healthy upstream"), answer()) as (address, asked):
        predict(props(address))
    assert len(asked) == 3


def test_an_answer_from_the_version_before_is_not_the_answer() -> None:
    with served(answer(version="1"), answer(version="2")) as (address, asked):
        predict(props(address, version="2"))
    assert len(asked) == 2


def test_the_servers_400_is_told_in_its_own_words_and_at_once() -> None:
    error = {"error": "expected shape (-1, 13), got (13,)"}
    with served((400, error)) as (address, asked), pytest.raises(Refused) as caught:
        predict(props(address))
    assert str(caught.value) == "the model answered 400: expected shape (-1, 13), got (13,)"
    assert len(asked) == 1


def test_a_wrong_number_is_no_success() -> None:
    with (
        served(answer(0.51)) as (address, _),
        pytest.raises(Refused, match=r"output 'output-0', value 0: 0\.51; its own example says 0\.5"),
    ):
        predict(props(address))


def test_a_model_that_fails_steadily_is_not_waited_for() -> None:
    fault = {"error": "The model failed with ConnectionError; the rest is in its log."}
    with served((500, fault)) as (address, asked), pytest.raises(Refused) as caught:
        predict(props(address, seconds=60.0))
    assert "the model answered 500: The model failed with ConnectionError" in str(caught.value)
    assert len(asked) == 10


def test_a_fault_that_passes_is_waited_out() -> None:
    with served((500, {"error": "warming up"}), (503, "no upstream"), (500, {"error": "again"}), answer()) as (
        address,
        _,
    ):
        predict(props(address))


def test_a_login_page_is_no_answer_of_a_model() -> None:
    with served((200, "<html>Log in</html>")) as (address, asked), pytest.raises(Refused, match="such as a login page"):
        predict(props(address))
    assert len(asked) == 1


def test_an_example_without_inputs_says_how_it_is_to_be_logged() -> None:
    with pytest.raises(Refused, match="the model's example has no inputs: log it with"):
        predict(props("127.0.0.1:9", example=json.dumps({"outputs": [1]})))


def test_parameters_of_the_example_are_sent_too() -> None:
    with served(answer()) as (address, asked):
        predict(props(address, example=json.dumps({**EXAMPLE, "parameters": {"factor": 2}})))
    assert asked[0]["body"] == {"inputs": EXAMPLE["inputs"], "parameters": {"factor": 2}}


def test_no_answer_in_time_says_the_last_failure_and_where_to_look() -> None:
    with served((503, "no healthy upstream")) as (address, _), pytest.raises(TimeoutError) as caught:
        predict(props(address, seconds=0.0))
    assert "503 Service Unavailable: no healthy upstream" in str(caught.value)
    assert "To find out why: `kubectl describe`" in str(caught.value)


def test_nobody_listening_is_a_failure_to_wait_on_too() -> None:
    with pytest.raises(TimeoutError, match="Connection refused"):
        predict(props("127.0.0.1:9", seconds=0.0))


def test_a_model_without_an_example_is_waited_for_until_it_is_loaded() -> None:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            known = self.path == "/v2/models/mlflow-model"
            self.send_response(200 if known else 404)
            self.end_headers()
            self.wfile.write(b'{"name": "mlflow-model", "versions": []}' if known else b"")

        def log_message(self, *_: Any) -> None:
            pass

    with served_by(Handler) as address:
        got = predict(props(address, example="null"))
    assert got["curl"] == ""
    assert json.loads(got["answer"])["name"] == "mlflow-model"


def test_each_version_of_a_model_with_a_canary_is_asked_for_and_proven() -> None:
    with served(answer(version="1"), answer(0.7, version="2")) as (address, asked):
        got = predict(props(address, canary="2"))
    assert [each["track"] for each in asked] == ["stable", "canary"]
    assert json.loads(got["answer"])["model_version"] == "1"


def test_a_canary_that_was_removed_must_have_lost_its_share() -> None:
    with served(answer(), answer(version="2"), answer()) as (address, asked):
        predict(props(address, canary="1"))
    assert [each["track"] for each in asked] == ["stable", "canary", "canary"]


def test_a_canary_that_refuses_what_the_model_takes_fails_the_deployment() -> None:
    refusal = {"error": "expected shape (-1, 12)"}
    with served(answer(), (400, refusal)) as (address, _), pytest.raises(Refused, match=r"shape \(-1, 12\)"):
        predict(props(address, canary="2"))


class Crashing:
    def failure(self) -> str:
        return "pod wine-2: its container ended with 1"


def test_a_version_that_does_not_start_ends_the_wait_though_the_one_before_answers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(prediction, "_LOOK_EVERY", 0.0)
    monkeypatch.setattr(prediction, "_pods", lambda _props: Crashing())
    with served(answer(version="1")) as (address, _), pytest.raises(Refused, match="wine-2: its container ended"):
        predict(props(address, version="2", seconds=30.0))
