"""An `up` notices that MLflow lost what the stack serves, and says the two ways on."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from components.clients.cluster_api import ApiResource
from components.dynamic.model_files import ModelFilesProvider
from components.errors import SlipwayError
from components.models.training import run_of
from components.settings import Settings, parse_settings
from tests.unit.engine import run_stack
from tests.unit.fake_cluster import FakeCluster
from tests.unit.http_server import served_by
from tools.engine.stack import Stack
from tools.engine.state import Known
from tools.lifecycle import vanished, verbs
from tools.lifecycle.verbs import Session

JOBS = ApiResource("batch", "v1", "Job", "jobs", True)
URN = "urn:pulumi:dev::slipway::slipway:models:Models$slipway:models:Training$kubernetes:batch/v1:Job::wine-train"
BUCKET = "urn:pulumi:dev::slipway::slipway:data:ObjectStore$kubernetes:batch/v1:Job::bucket"


def settings(source: str = "models:/wine/1", **more: Any) -> Settings:
    model = {"name": "wine", "source": source, **more}
    return parse_settings({"cluster": {"kind": {"name": "x"}}, "ingress": {"domain": "x.test"}, "models": [model]})


Registry = Callable[..., dict[str, Any]]


@pytest.fixture
def registry() -> Iterator[Registry]:
    """The outputs of a stack whose MLflow has these versions."""
    known: set[tuple[str, str]] = set()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = {key: value for key, [value] in parse_qs(urlsplit(self.path).query).items()}
            there = (asked["name"], asked["version"]) in known
            self.send_response(200 if there else 404)
            self.end_headers()
            self.wfile.write(json.dumps({"model_version": asked}).encode())

        def log_message(self, *_: Any) -> None:
            pass

    with served_by(Handler) as address:

        def outputs(*versions: str, serves: str = "1", canary: str | None = None) -> dict[str, Any]:
            known.clear()
            known.update(("wine", version) for version in versions)
            model = {"version": serves, **({"canary": {"version": canary}} if canary else {})}
            return {"tracking": f"http://{address}", "models": {"wine": model}}

        yield outputs


def test_a_version_that_is_served_and_gone_from_mlflow_is_noticed(registry: Registry) -> None:
    assert vanished.missing(settings(), registry("1")) == []
    assert vanished.missing(settings(), registry()) == ["models:/wine/1"]
    assert vanished.missing(settings("models:/wine@champion"), registry("1", serves="7")) == ["models:/wine/7"]
    canary = {"source": "models:/wine/2", "percent": 10}
    assert vanished.missing(settings(canary=canary, replicas=2), registry("1", canary="2")) == ["models:/wine/2"]


def test_what_was_not_served_yet_or_is_no_more_asked_for_is_not_missed(registry: Registry) -> None:
    assert vanished.missing(settings("models:/wine/2"), registry()) == []
    assert vanished.missing(settings(), {}) == []


def test_an_mlflow_that_does_not_answer_has_lost_nothing() -> None:
    outputs = {"tracking": "http://127.0.0.1:1", "models": {"wine": {"version": "1"}}}
    assert vanished.missing(settings(), outputs) == []


@pytest.fixture
def session(registry: Registry, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Session:
    (tmp_path / "Pulumi.dev.yaml").write_text(
        "config:\n  slipway:cluster: {kind: {name: x}}\n  slipway:ingress: {domain: x.test}\n"
        "  slipway:models: [{name: wine, source: models:/wine/1}]\n"
    )
    monkeypatch.chdir(tmp_path)
    outputs = registry()
    held = [{"type": "kubernetes:batch/v1:Job", "urn": urn, "id": f"mlops/{urn[-6:]}"} for urn in (URN, BUCKET)]
    made = {"type": "pulumi:pulumi:Stack", "outputs": outputs}
    return Session(Stack("dev"), {}, ["--diff"], known=Known(resources=[made, *held]))


def test_up_stops_and_says_the_two_ways_on(session: Session) -> None:
    with pytest.raises(SlipwayError) as caught:
        verbs.with_its_versions(session)
    said = str(caught.value)
    assert said.startswith("MLflow no longer has models:/wine/1, which dev serves")
    assert "make restore STACK=dev FROM=" in said
    assert f"make up STACK=dev ARGS={vanished.OPTION}" in said


def test_training_again_is_another_run_of_the_job_and_of_nothing_else(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = FakeCluster()
    for urn in (URN, BUCKET):
        cluster.add(JOBS, urn[-6:], "mlops")
    monkeypatch.setattr(verbs, "reachable", lambda _stack: cluster)
    went_on = verbs.with_its_versions(replace(session, extra=["--diff", vanished.OPTION]))
    assert went_on.extra == ["--diff", "--refresh"]
    assert cluster.deleted == [URN[-6:]]


def test_the_files_of_another_run_of_a_training_are_brought_anew(tmp_path: Path) -> None:
    assert run_of({"name": "train", "uid": "first"}) == "first"
    previewed = run_stack("dev").one("ModelFiles", "mlflow-wine-classifier-files")
    assert previewed.inputs["trained"] == run_of({"name": "train"}) == ""
    props = {"source": "models:/wine/1", "folder": str(tmp_path), "server": "model", "trained": "first"}
    assert "trained" in ModelFilesProvider().changed(props, {**props, "trained": "second"})
