"""A cluster that is away for a moment loses nothing of the state, whatever the provider advises."""

import sys
from pathlib import Path

import pytest

from tools.engine import backend
from tools.engine.lock import Locks
from tools.engine.process import advised, logged
from tools.engine.stack import Stack

# pulumi-kubernetes 4.25, provider.go.
ADVICE = (
    "If the cluster was deleted, you can remove this resource from Pulumi state by rerunning the operation with the "
    'PULUMI_K8S_DELETE_UNREACHABLE environment variable set to "true"'
)
SAID = (
    f"    error: configured Kubernetes cluster is unreachable. {ADVICE}",
    f"    error: failed to read resource state due to unreachable cluster. {ADVICE}",
)


@pytest.mark.parametrize("said", SAID)
def test_the_switch_that_forgets_what_is_alive_is_not_advised(said: str) -> None:
    text = advised(f"{said}\n", "prod")
    assert text.startswith(said.partition(". ")[0])
    assert "DELETE_UNREACHABLE" not in text
    assert text.endswith("If it is gone for good: make destroy STACK=prod CONFIRM=leave-cluster-of-prod\n")


def test_it_is_said_in_pulumis_place(capfd: pytest.CaptureFixture[str]) -> None:
    command = [sys.executable, "-c", f"import sys; print({SAID[0]!r}); print({SAID[1]!r}, file=sys.stderr)"]
    assert logged([*command, "--stack", "prod"], {"PATH": ""}, Locks("")) == 0
    told = capfd.readouterr()
    for each in (told.out, told.err):
        assert "DELETE_UNREACHABLE" not in each
        assert "CONFIRM=leave-cluster-of-prod" in each


def test_nor_is_it_taken_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    given = {"PATH": "/bin", "PULUMI_K8S_DELETE_UNREACHABLE": "true", "PULUMI_CONFIG_PASSPHRASE": "x"}
    assert "PULUMI_K8S_DELETE_UNREACHABLE" not in backend.environment(Stack("dev"), {}, given)


def test_any_other_line_is_pulumis_own() -> None:
    for text in ("", "\n", "error: no such thing\n", "If the cluster was deleted, say so"):
        assert advised(text, "dev") == text
