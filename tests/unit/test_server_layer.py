"""What images of one server begin with is built at once, and found again by the models' own builds."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from components.clients import docker
from components.clients.docker import Login
from components.dynamic import model_files, server_layer
from components.dynamic.server_layer import ServerLayerProvider
from components.serving.plan import Plan
from tests.unit.engine import run_stack
from tools.dockerfile import Dockerfile

MODEL = {"source": "models:/wine-quality-model/1"}
IMAGE = f"registry.test/wine@sha256:{'0' * 64}"


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What was built last."""
    said: dict[str, Any] = {}

    def build_stage(name: str, context: Path, arguments: Mapping[str, str], login: Login | None, stage: str) -> None:
        files = {path.name: path.read_bytes() for path in context.iterdir()}
        said.update(name=name, files=files, arguments=arguments, login=login, stage=stage)

    monkeypatch.setattr(docker, "build_stage", build_stage)
    return said


def test_it_waits_for_nothing_and_nothing_waits_for_it() -> None:
    run = run_stack("dev")
    layer = run.one("ServerLayer", "server-mlserver-3.11")
    assert layer.dependencies == set()
    assert not [each.name for each in run.all if each.custom and layer.name in each.dependencies]


def test_models_of_one_server_have_one_and_a_ready_image_needs_none() -> None:
    def layers(*models: dict[str, Any]) -> set[str]:
        wanted = [{"name": f"model-{number}", **MODEL, **each} for number, each in enumerate(models)]
        return {each.name for each in run_stack("dev", {"models": wanted}).of("ServerLayer")}

    assert layers({}, {}, {"python": "3.11"}) == {"server-mlserver-3.11"}
    assert layers({}, {"python": "3.13"}, {"server": "kserve"}) == {
        "server-mlserver-3.11",
        "server-kserve-3.13",
        "server-kserve-3.11",
    }
    assert layers({"image": IMAGE}) == set()


def test_a_canary_on_another_python_has_its_own() -> None:
    canary = {"source": "models:/wine-quality-model/2", "percent": 10}
    run = run_stack("dev", {"models": [{"name": "wine", **MODEL, "canary": canary}]})
    assert len(run.of("ServerLayer")) == 1


def test_the_stage_is_built_of_the_servers_files_alone(built: dict[str, Any]) -> None:
    props = run_stack("dev").one("ServerLayer").inputs
    ServerLayerProvider().create(props)
    assert (built["name"], built["stage"], built["login"]) == ("slipway-server:mlserver-3.11", "server", None)
    assert set(built["files"]) == {"Dockerfile", "install", "server.txt", "ca-bundle.crt"}
    assert built["files"]["server.txt"] == Path("model/servers/mlserver.txt").read_bytes()


def test_the_dockerfile_has_the_stage_before_any_that_needs_the_model() -> None:
    stages = [rest.rpartition(" AS ")[2] for rest in Dockerfile.read().all("FROM")]
    assert stages[0] == "server"


def test_a_models_build_is_told_the_same_up_to_there_and_waits_for_it() -> None:
    run = run_stack("dev", {"build": {"packageIndex": "https://pypi.test/simple"}})
    layer, files = run.one("ServerLayer").inputs, run.one("ModelFiles").inputs
    plan = Plan(python="3.11", server="mlserver", reason=None)
    told = server_layer.arguments(layer["base"], layer["package_index"])
    assert told.items() <= model_files.build_args(files, plan).items()
    own = server_layer.key(layer["server"], layer["server_digest"], layer["base"], layer["package_index"])
    assert model_files.layers(files, plan)[0] == own


def test_a_base_behind_a_login_is_pulled_with_it(built: dict[str, Any]) -> None:
    registry = {"address": "registry.test:5000/team", "username": "u", "password": "s3cret"}
    layer = run_stack("prod", {"registry": registry}).one("ServerLayer")
    assert layer.hidden["registry_password"] == "[secret]"
    ServerLayerProvider().create(layer.inputs)
    assert built["login"] == Login(server="registry.test:5000", username="u", password="s3cret")


def test_another_server_is_built_and_another_authority_of_this_machine_is_no_change() -> None:
    olds = run_stack("dev").one("ServerLayer").inputs
    provider = ServerLayerProvider()
    assert provider.diff("id", olds, {**olds, "server_digest": "other"}).changes
    assert not provider.diff("id", olds, {**olds, "ca_bundle": "elsewhere", "folder": "elsewhere"}).changes
