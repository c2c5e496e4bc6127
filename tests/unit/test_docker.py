"""What the container engine is told, and what of the user's own configuration it keeps."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from components.clients import docker
from components.clients.docker import Login, build_stage, push_built

NAME = "registry.test:5000/team/wine:1a2b"
DIGEST = f"sha256:{'a' * 64}"


class Engine:
    """Plays `docker`: keeps every command, and what configuration it had."""

    def __init__(self) -> None:
        self.commands: list[list[str]] = []
        self.config: dict[str, Any] = {}
        self.others: set[str] = set()
        self.folder = ""

    def __call__(self, command: Sequence[str], *, env: dict[str, str], **_: Any) -> str:
        self.commands.append(list(command))
        self.folder = env["DOCKER_CONFIG"]
        if (file := Path(self.folder) / "config.json").is_file():
            self.config = json.loads(file.read_text())
            self.others = set(os.listdir(self.folder)) - {"config.json"}
        digests = [f"elsewhere.test/wine@sha256:{'b' * 64}", f"registry.test:5000/team/wine@{DIGEST}"]
        return json.dumps(digests) if "inspect" in command else ""


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Engine:
    played = Engine()
    monkeypatch.setattr(docker, "run", played)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))
    return played


def test_an_image_is_built_pushed_and_known_by_the_digest_at_its_own_registry(engine: Engine) -> None:
    assert push_built(NAME, Path("context"), {"SERVER": "x"}, None) == f"registry.test:5000/team/wine@{DIGEST}"
    build, push, _ = engine.commands
    assert build == ["docker", "build", "--quiet", "--tag", NAME, "--build-arg", "SERVER=x", "context"]
    assert push == ["docker", "push", "--quiet", NAME]


def test_a_stage_is_built_and_pushed_nowhere(engine: Engine) -> None:
    build_stage("slipway-server:x", Path("context"), {"A": "b"}, None, "server")
    whole = ["docker", "build", "--quiet", "--tag", "slipway-server:x", "--build-arg", "A=b", "context"]
    assert engine.commands == [[*whole, "--target", "server"]]


@pytest.mark.parametrize(
    ("server", "key"), [("registry.test:5000", "registry.test:5000"), ("docker.io", "https://index.docker.io/v1/")]
)
def test_a_login_of_the_stack_is_used_beside_the_users_own_and_does_not_stay(
    engine: Engine, tmp_path: Path, server: str, key: str
) -> None:
    own = tmp_path / "docker"
    (own / "contexts").mkdir(parents=True)
    (own / "config.json").write_text(json.dumps({"credsStore": "desktop", "currentContext": "colima"}))
    push_built(NAME, Path("context"), {}, Login(server=server, username="u", password="p"))
    assert engine.config["auths"] == {key: {"auth": "dTpw"}}
    # An empty helper is docker's way to say that this one registry is not asked for in the store.
    assert (engine.config["credHelpers"], engine.config["credsStore"]) == ({key: ""}, "desktop")
    assert (engine.config["currentContext"], engine.others) == ("colima", {"contexts"})
    assert not Path(engine.folder).exists()
    assert "auths" not in json.loads((own / "config.json").read_text())
