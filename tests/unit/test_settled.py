"""An `up` that can plan nothing new is not asked for its plan; every other one is."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tools.engine import plan, policies, process, settled, state
from tools.engine.stack import Stack, write_used_file
from tools.lifecycle import verbs
from tools.lifecycle.embedded import EmbeddedCluster

STATE: list[dict[str, Any]] = [
    {"urn": "a", "type": "pulumi:pulumi:Stack", "outputs": {"tracking": "http://t", "models": {}}},
    {"urn": "b", "type": "kubernetes:core/v1:Namespace", "modified": "2026-01-01"},
]


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stack:
    monkeypatch.chdir(tmp_path)
    made = Stack("local")
    made.folder.mkdir(parents=True)
    made.file.write_text("config: {slipway:cluster: {existing: {kubeconfig: k, context: c}}, slipway:embedded: {}}\n")
    made.used_file.write_text("config: {slipway:embedded: {}}\n")
    return made


class Cluster(EmbeddedCluster):
    """One that is there."""

    def __init__(self) -> None:
        pass

    def summary(self, outputs: Any) -> str:
        return f"tracking is {outputs['tracking']}"


@pytest.fixture
def planned(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The plans that were asked for."""
    asked: list[str] = []

    def read(*_: Any) -> list[dict[str, Any]]:
        asked.append("plan")
        return []

    monkeypatch.setattr(plan, "read", read)
    monkeypatch.setattr(policies, "options", lambda *_: [])
    monkeypatch.setattr(verbs, "watched", lambda *_: 0)
    monkeypatch.setattr(process, "ask", lambda *_: json.dumps({"deployment": {"resources": STATE}}))
    return asked


def up(stack: Stack, *extra: str, known: list[dict[str, Any]] = STATE, pending: bool = False) -> None:
    held = state.Known(resources=known, pending=[{"type": "updating", "resource": {"type": "x"}}] if pending else [])
    session = verbs.Session(stack, {"PULUMI_BACKEND_URL": "file:///x"}, extra, own=Cluster(), known=held)
    assert verbs.up(session) == 0


def test_a_second_up_that_changes_nothing_is_not_planned_first(
    stack: Stack, planned: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    up(stack)
    assert planned == ["plan"]
    up(stack)
    assert planned == ["plan"]
    assert "tracking is http://t" in capsys.readouterr().out


def test_the_second_up_of_a_new_stack_is_not_planned_for_the_salt_that_the_first_was_given(
    stack: Stack, planned: list[str]
) -> None:
    write_used_file(stack, stack.content)
    # As Pulumi adds it when it makes the stack: behind the settings, and in its own form.
    stack.used_file.write_text(f"{yaml.safe_dump(stack.content, indent=4)}encryptionsalt: v1:abc\n")
    up(stack)
    write_used_file(stack, stack.content)
    up(stack)
    assert planned == ["plan"]


@pytest.mark.parametrize("what", ["setting", "state", "options"])
def test_whatever_is_new_is_planned(stack: Stack, planned: list[str], what: str) -> None:
    up(stack)
    if what == "setting":
        stack.used_file.write_text("config: {slipway:database: {}}\n")
    known = [*STATE, {"urn": "c", "type": "t"}] if what == "state" else STATE
    up(stack, *(["--refresh"] if what == "options" else []), known=known)
    assert planned == ["plan", "plan"]


def test_another_program_is_planned(stack: Stack, planned: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    up(stack)
    changed = stack.folder / "changed.py"
    changed.write_text("x = 1")
    monkeypatch.setattr(settled, "_files", lambda: iter([changed]))
    up(stack)
    assert planned == ["plan", "plan"]


def test_an_up_that_failed_leaves_the_next_one_to_be_planned(
    stack: Stack, planned: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    up(stack)
    monkeypatch.setattr(verbs, "watched", lambda *_: 130)
    assert verbs.up(verbs.Session(stack, {}, ["--yes"], own=Cluster(), known=state.Known(resources=STATE))) == 130
    monkeypatch.setattr(verbs, "watched", lambda *_: 0)
    up(stack)
    assert planned == ["plan"] * 3


def test_what_a_killed_run_had_begun_is_planned(
    stack: Stack, planned: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    up(stack)
    monkeypatch.setattr("tools.lifecycle.interrupted.forget", lambda *_: None)
    up(stack, pending=True)
    assert planned == ["plan", "plan"]


def test_the_program_that_counts_is_this_one() -> None:
    names = {path.name for path in settled._files()}
    assert {"__main__.py", "Pulumi.yaml", "served_model.py", "pack.py", "verbs.py"} <= names


def test_a_stacks_outputs_are_read_from_its_state_with_a_word_for_each_secret() -> None:
    secret = {state._SECRET: "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "v1:x"}
    outputs = {"kubeconfig": "k", "apiKeys": secret, "models": {"a": {"hosts": ["h", secret]}}}
    known = state.Known(resources=[{"type": "t"}, {"type": "pulumi:pulumi:Stack", "outputs": outputs}])
    assert known.outputs == {"kubeconfig": "k", "apiKeys": "[secret]", "models": {"a": {"hosts": ["h", "[secret]"]}}}
    assert state.Known().outputs == {}
