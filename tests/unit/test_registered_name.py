"""A name that the stack serves is the stack's, and nobody else's who was there first."""

import json
import re
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from components.dynamic.registered_name import TAG, RegisteredNameProvider
from components.errors import SlipwayError
from tests.unit.engine import run_stack
from tests.unit.http_server import served_by
from tests.unit.test_gateway import MLFLOW, ingress

KEY = "the state's own"
Models = dict[str, dict[str, Any]]


def register(models: Models, name: str) -> dict[str, Any]:
    made = {"name": name, "creation_timestamp": 1_700_000_000_000 + len(models), "tags": []}
    return models.setdefault(name, made)


@pytest.fixture
def models() -> Models:
    return {}


@pytest.fixture
def props(models: Models) -> Iterator[dict[str, Any]]:
    class Registry(BaseHTTPRequestHandler):
        """MLflow's, as far as names go."""

        def do_GET(self) -> None:
            at = urlsplit(self.path)
            if at.path == "/health":
                return self.say(200, {})
            found = models.get(parse_qs(at.query)["name"][0])
            return self.say(200, {"registered_model": found}) if found else self.say(404, {})

        def do_POST(self) -> None:
            said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if self.path.endswith("/create"):
                return self.say(200, {"registered_model": register(models, said["name"])})
            assert self.path.endswith("/set-tag")
            models[said["name"]]["tags"].append({"key": said["key"], "value": said["value"]})
            return self.say(200, {})

        def say(self, status: int, content: Any) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(content).encode())

        def log_message(self, *_: Any) -> None:
            pass

    with served_by(Registry) as address:
        login = {"tracking_uri": f"http://{address}", "username": "admin", "password": "p"}
        yield {"model": "wine", **login, "key": KEY, "pinned": False}


def test_a_free_name_is_registered_and_known_again(models: Models, props: dict[str, Any]) -> None:
    RegisteredNameProvider().create(props)
    assert [tag["key"] for tag in models["wine"]["tags"]] == [TAG]
    # A state that has lost it, but not its key.
    RegisteredNameProvider().create(props)


def test_a_name_that_somebody_registered_first_is_refused(models: Models, props: dict[str, Any]) -> None:
    register(models, "wine")["tags"] = [{"key": TAG, "value": "forged"}]
    with pytest.raises(SlipwayError, match="models:/wine was registered in MLflow by somebody else"):
        RegisteredNameProvider().create(props)


def test_a_mark_is_of_one_name_alone(models: Models, props: dict[str, Any]) -> None:
    RegisteredNameProvider().create(props)
    register(models, "grapes")["tags"] = models["wine"]["tags"]
    with pytest.raises(SlipwayError, match="by somebody else"):
        RegisteredNameProvider().create({**props, "model": "grapes"})


def test_whose_a_name_is_does_not_matter_where_its_content_is_pinned(models: Models, props: dict[str, Any]) -> None:
    register(models, "wine")
    RegisteredNameProvider().create({**props, "pinned": True})


def test_a_stack_with_users_owns_its_names_before_anything_is_trained_or_brought() -> None:
    run = run_stack("dev", ingress({"selfSigned": {}}))
    own = run.one("RegisteredName")
    assert own.inputs["model"] == "wine-quality-model"
    assert own.inputs["tracking_uri"] == f"https://{MLFLOW}:8443"
    assert set(own.secret_outputs) == {"password", "key"}
    name = "registered-wine-quality-model"
    assert name in run.one("Job", "mlflow-wine-classifier-train").dependencies
    assert name in run.one("ModelFiles", "mlflow-wine-classifier-files").dependencies
    assert not run_stack("dev").of("RegisteredName")


def test_what_mlflow_tells_anybody_is_not_routed_where_it_has_users() -> None:
    [hidden, rest] = (
        run_stack("dev", ingress({"selfSigned": {}})).one("VirtualService", "mlflow-route").inputs["spec"]["http"]
    )
    assert hidden["directResponse"] == {"status": 404}
    [pattern] = [match["uri"]["regex"] for match in hidden["match"]]
    for path in (
        "/api/3.0/mlflow/server-info",
        "/ajax-api/3.0/mlflow/server-info/",
        "/mlflow%2Fserver-info",
        "/x%2fmlflow/SERVER-INFO",
    ):
        assert re.fullmatch(pattern, path), path
    assert not re.fullmatch(pattern, "/api/2.0/mlflow/runs/search")
    assert "route" in rest
