"""What Pulumi is told of a stack's settings has nothing of the machine in it."""

from pathlib import Path
from typing import Any

import pytest

from tools.engine.portable import portable
from tools.engine.stack import Stack


def content(**settings: Any) -> dict[str, Any]:
    return {"secretsprovider": "passphrase", "config": {f"slipway:{key}": value for key, value in settings.items()}}


@pytest.fixture(autouse=True)
def _checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_two_users_tell_it_the_same() -> None:
    told = []
    for user in ("ann", "ben"):
        bundle = Path(f"{user}.pem")
        bundle.write_text(user)
        given = content(
            cluster={"existing": {"kubeconfig": f"/home/{user}/.kube/config", "context": user}},
            build={"caBundle": str(bundle.absolute()), "packageIndex": "https://pypi.test"},
            backend=f"file:///home/{user}/state",
            imageMirror="mirror.test",
        )
        told.append(portable(Stack("team"), given))
        assert Path(".slipway/team/ca-bundle.crt").read_text() == user
    assert told[0] == told[1]
    assert told[0]["config"]["slipway:build"]["packageIndex"] == "https://pypi.test"
    assert told[0]["config"]["slipway:imageMirror"] == "mirror.test"


def test_a_kind_cluster_and_a_build_without_authorities_stay_as_they_are() -> None:
    given = content(cluster={"kind": {"name": "dev"}}, build={"keepImages": 3})
    assert portable(Stack("team"), given) == given
