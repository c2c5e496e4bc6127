"""A preview fails where `up` would, and says why below its plan."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.errors import SlipwayError
from tools.engine import process
from tools.engine.stack import Stack
from tools.engine.state import Known
from tools.lifecycle import refusals, vanished, verbs
from tools.lifecycle.verbs import Session
from tools.parts import preflight

CLAIM = {"type": "kubernetes:core/v1:PersistentVolumeClaim", "urn": "urn::claim", "id": "mlops/postgres"}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Sequence[str]]:
    """What Pulumi is asked; its plan deletes a volume."""
    monkeypatch.chdir(tmp_path)
    content = {"cluster": {"kind": {"name": "x"}}, "ingress": {"domain": "x.test"}}
    config = {f"slipway:{key}": value for key, value in content.items()}
    Path("Pulumi.dev.yaml").write_text(yaml.safe_dump({"config": config}))
    Stack("dev").folder.mkdir(parents=True)
    monkeypatch.setattr(preflight, "refusals", lambda *_: [])
    monkeypatch.setattr(vanished, "of", lambda *_: [])
    said: list[Sequence[str]] = []

    def shown(arguments: Sequence[str], _env: object) -> int:
        said.append(arguments)
        words = list(arguments)
        step = {"op": "delete", "urn": "urn::claim", "old": CLAIM}
        events: list[dict[str, Any]] = [{"preludeEvent": {}}, {"resourcePreEvent": {"metadata": step}}]
        log = "".join(f"{json.dumps(each)}\n" for each in events)
        Path(words[words.index("--event-log") + 1]).write_text(log)
        return 0

    monkeypatch.setattr(process, "shown", shown)
    return said


def previewed(*extra: str, confirm: str | None = None, known: Known | None = None) -> int:
    return verbs.preview(Session(Stack("dev"), {}, extra, None, confirm, known or Known()))


@pytest.mark.usefixtures("asked")
def test_a_plan_that_needs_a_word_fails_without_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert previewed() == 1
    said = capsys.readouterr().err
    assert "`up` would refuse: this `up` would delete data" in said
    assert "deletes PersistentVolumeClaim mlops/postgres" in said
    assert previewed(confirm="delete-data-of-dev") == 0
    assert not capsys.readouterr().err


def test_the_users_own_log_of_the_events_is_the_one_that_is_read(asked: list[Sequence[str]]) -> None:
    assert previewed("--event-log", "mine.json") == 1
    assert asked[0].count("--event-log") == 1
    assert refusals.event_log(Stack("dev"), ["--diff", "--event-log=mine.json"]) == (Path("mine.json"), [])


@pytest.mark.usefixtures("asked")
def test_what_stops_an_up_before_its_plan_fails_the_preview_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    word = "delete-data-of-dev"
    monkeypatch.setattr(preflight, "refusals", lambda *_: ["slipway:namespaces.data: mlops is somebody else's"])
    assert previewed(confirm=word) == 1
    assert "`up` would refuse: slipway:namespaces.data" in capsys.readouterr().err
    monkeypatch.setattr(preflight, "refusals", lambda *_: [])
    monkeypatch.setattr(vanished, "of", lambda *_: ["models:/wine/1"])
    assert previewed(confirm=word) == 1
    assert "MLflow no longer has models:/wine/1" in capsys.readouterr().err


def test_protected_data_that_the_stack_file_lets_go_needs_its_word(asked: list[Sequence[str]]) -> None:
    urn = "urn:pulumi:dev::slipway::slipway:data:Data$slipway:data:Database$kubernetes:core/v1:PersistentVolumeClaim::x"
    held = Known(resources=[{**CLAIM, "urn": urn, "protect": True}])
    [said] = refusals.before_the_plan(Stack("dev"), held, {}, None, print)
    assert "slipway:database.keep: false in Pulumi.dev.yaml" in said
    assert refusals.before_the_plan(Stack("dev"), held, {}, "delete-data-of-dev", print) == []
    assert not asked


def test_a_cluster_that_does_not_answer_any_more_is_refused_like_by_up(monkeypatch: pytest.MonkeyPatch) -> None:
    from components.clients.cluster_api import ClusterError

    def gone(*_: object) -> list[str]:
        raise ClusterError("the cluster does not answer")

    monkeypatch.setattr(preflight, "faults", gone)
    assert "the cluster does not answer" in preflight.refusals(Stack("dev"), [], print)
    with pytest.raises(SlipwayError, match="the cluster does not answer"):
        preflight.up(Stack("dev"), [], print)
