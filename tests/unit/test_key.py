"""A client's key is printed to whoever may read the stack's secrets, and to nobody by accident."""

from typing import Any

import pytest
from click.testing import CliRunner

from components.dynamic.prediction import Access
from tools.cli import commands
from tools.engine import state
from tools.predict import access


@pytest.fixture
def outputs(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the stack says of itself, when it is asked with its secrets."""
    outputs: dict[str, Any] = {"apiKeys": {"shop": "k-shop", "slipway": "k-own"}, "certificateAuthority": "PEM"}

    def read(_stack: Any, _env: Any, *options: str) -> dict[str, Any]:
        return outputs if options == ("--show-secrets",) else {}

    monkeypatch.setattr(state, "outputs", read)
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "test")
    return outputs


@pytest.mark.parametrize(("client", "printed"), [(["shop"], "k-shop\n"), ([], "k-own\n")])
def test_a_key_stands_alone_so_that_a_variable_can_take_it(outputs: Any, client: list[str], printed: str) -> None:
    assert outputs
    done = CliRunner().invoke(commands, ["key", "dev", *client])
    assert (done.exit_code, done.stdout, done.stderr) == (0, printed, "")


def test_an_unknown_client_is_told_the_names_and_no_key(outputs: Any) -> None:
    assert outputs
    done = CliRunner().invoke(commands, ["key", "dev", "lab"])
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr == "dev has no key for lab; it has: shop, slipway\n"


def test_predict_asks_with_the_stacks_own_key_and_trusts_its_authority(outputs: dict[str, Any]) -> None:
    assert access(outputs, "127.0.0.1:8443") == Access(address="127.0.0.1:8443", ca="PEM", key="k-own")
    assert access({}, "127.0.0.1:8080") is None
