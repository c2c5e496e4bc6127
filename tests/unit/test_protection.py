"""A destroy leaves what is kept; letting it go takes a setting and a word."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.errors import SlipwayError
from tools.engine import backend, process, protection, state
from tools.engine.stack import Stack
from tools.lifecycle import verbs

DATABASE = "urn:pulumi:s::slipway::slipway:data:Database$kubernetes:apps/v1:StatefulSet::postgres"
STORE = "urn:pulumi:s::slipway::slipway:data:ObjectStore$kubernetes:apps/v1:StatefulSet::object-store"
BY_HAND = "urn:pulumi:s::slipway::kubernetes:core/v1:Namespace::by-hand"
MLFLOW = "urn:pulumi:s::slipway::slipway:data:Tracking$kubernetes:apps/v1:Deployment::mlflow"


def resource(urn: str, *, protect: bool = True) -> dict[str, Any]:
    kind, name = urn.split("::")[2].rpartition("$")[2], urn.rpartition("::")[2]
    return {"urn": urn, "type": kind, "id": f"mlops/{name}", "protect": protect}


HELD = [
    resource(BY_HAND),
    resource(DATABASE),
    resource(STORE),
    resource(MLFLOW, protect=False),
]


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stack:
    monkeypatch.chdir(tmp_path)
    return Stack("s")


def write(*, database: bool, store: bool) -> None:
    config = {
        "slipway:cluster": {"kind": {"name": "s"}},
        "slipway:database": {"keep": database},
        "slipway:objectStore": {"keep": store},
    }
    Path("Pulumi.s.yaml").write_text(yaml.safe_dump({"config": config}))


def urns(resources: list[protection.Resource]) -> list[str]:
    return [each["urn"] for each in resources]


def recorded(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The arguments of every Pulumi that is run from here on; each one succeeds."""
    ran: list[list[str]] = []

    def pulumi(arguments: list[str], _env: Any) -> int:
        ran.append(arguments)
        return 0

    monkeypatch.setattr(process, "pulumi", pulumi)
    return ran


def test_what_is_kept_is_released_by_nothing(stack: Stack) -> None:
    write(database=True, store=True)
    assert protection.released(stack, HELD) == []
    assert protection.release(stack, HELD, protection.word(stack), {}, "destroy") == 0


def test_one_section_is_released_alone_and_its_namespace_stays(stack: Stack) -> None:
    write(database=False, store=True)
    assert urns(protection.released(stack, HELD)) == [DATABASE]


def test_what_somebody_protected_by_hand_is_never_released(stack: Stack) -> None:
    write(database=False, store=False)
    assert urns(protection.released(stack, HELD)) == [DATABASE, STORE]


@pytest.mark.parametrize("confirm", [None, "yes", "delete-data-of-dev"])
def test_without_the_stacks_own_word_nothing_is_done(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, confirm: str | None
) -> None:
    write(database=False, store=True)
    monkeypatch.setattr(process, "pulumi", lambda *_: pytest.fail("Pulumi ran"))
    with pytest.raises(SlipwayError) as refused:
        protection.release(stack, HELD, confirm, {}, "destroy")
    message = str(refused.value)
    assert message.startswith("slipway:database.keep: false in Pulumi.s.yaml")
    assert "StatefulSet mlops/postgres" in message
    assert "make destroy STACK=s CONFIRM=delete-data-of-s" in message


def test_with_the_word_the_protection_is_taken_off_and_off_nothing_else(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(database=False, store=True)
    ran = recorded(monkeypatch)
    assert protection.release(stack, HELD, "delete-data-of-s", {}, "up") == 0
    assert ran == [["state", "unprotect", DATABASE, "--stack", "s", "--yes"]]


def test_the_report_names_what_is_left_and_the_command_that_removes_it(stack: Stack) -> None:
    write(database=True, store=True)
    text = protection.report(stack, HELD)
    assert "database: StatefulSet mlops/postgres" in text
    assert "objectStore: StatefulSet mlops/object-store" in text
    assert "Namespace mlops/by-hand" in text
    assert "make destroy STACK=s CONFIRM=delete-data-of-s" in text
    assert "mlflow" not in text


def test_what_the_protected_stands_on_stays_and_what_stands_on_it_goes() -> None:
    def made(name: str, *, protect: bool = False, **on: Any) -> dict[str, Any]:
        return {"urn": f"urn:pulumi:s::slipway::t::{name}", "type": "t", "protect": protect, **on}

    def urn(name: str) -> str:
        return str(made(name)["urn"])

    state = [
        made("provider"),
        made("component"),
        made("operator", provider=f"{urn('provider')}::4"),
        made("namespace", provider=f"{urn('provider')}::4"),
        made("cluster", protect=True, parent=urn("component"), dependencies=[urn("operator"), urn("namespace")]),
        made("mlflow", dependencies=[urn("cluster")]),
    ]
    stays = {each.rpartition("::")[2] for each in urns(protection.staying(state))}
    assert stays == {"provider", "component", "operator", "namespace", "cluster"}


@pytest.mark.parametrize("held", [HELD, [resource(MLFLOW, protect=False)]], ids=["with data", "without"])
def test_a_destroy_leaves_what_is_protected_and_then_forgets_nothing(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, held: list[dict[str, Any]]
) -> None:
    write(database=True, store=True)
    ran = recorded(monkeypatch)
    forgotten: list[Stack] = []
    data = held is HELD

    def exported(*_: Any) -> str:
        return json.dumps({"deployment": {"resources": held if data or not ran else []}})

    monkeypatch.setattr(process, "ask", exported)
    monkeypatch.setattr(verbs, "watched", lambda arguments, env, _events: process.pulumi(arguments, env))
    monkeypatch.setattr(state, "forget", lambda stack, _env: forgotten.append(stack))
    env = {"PULUMI_BACKEND_URL": backend.own_backend()}
    assert verbs.destroy(verbs.Session(stack, env, [], known=state.Known(resources=held))) == 0
    assert ("--exclude-protected" in ran[0]) is data
    assert bool(forgotten) is not data


NAMESPACE = "urn:pulumi:s::slipway::slipway:data:Data$kubernetes:core/v1:Namespace::mlops"
OPERATOR = "urn:pulumi:s::slipway::slipway:platform:CloudNativePg$kubernetes:helm.sh/v3:Release::cloudnative-pg"
UNDER_DATA = "urn:pulumi:s::slipway::slipway:data:Data$slipway:data:Tracking$kubernetes:apps/v1:Deployment::by-hand"


@pytest.mark.parametrize(
    ("database", "store", "gone"),
    [
        (True, True, []),
        (True, False, []),
        (False, True, [OPERATOR]),
        (False, False, [NAMESPACE, OPERATOR]),
    ],
)
def test_what_data_stands_on_is_released_with_the_last_of_it(
    stack: Stack, database: bool, store: bool, gone: list[str]
) -> None:
    write(database=database, store=store)
    held = [resource(each) for each in (NAMESPACE, OPERATOR, UNDER_DATA, BY_HAND)]
    assert urns(protection.released(stack, held)) == gone
