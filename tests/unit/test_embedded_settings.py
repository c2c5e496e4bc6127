"""A stack that brings its own cluster, and a model whose image is ready."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from components.settings import SettingsError, parse_settings
from tests.unit.engine import Run, run_stack
from tools import stack_file


def local(**changes: Any) -> dict[str, Any]:
    return {**stack_file.settings_of(yaml.safe_load(Path("Pulumi.local.yaml").read_text())), **changes}


def faults(data: dict[str, Any]) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        parse_settings(data)
    return str(caught.value).splitlines()


@pytest.fixture(scope="module")
def run() -> Run:
    return run_stack("local")


def test_an_image_must_be_named_by_its_digest() -> None:
    [model] = local()["models"]
    [fault] = faults(local(models=[{**model, "image": "registry.test/wine:1"}]))
    assert "models[0].image" in fault
    assert "@sha256:" in fault


def test_models_with_images_need_no_registry() -> None:
    assert parse_settings(local()).registry is None


def test_a_model_without_an_image_needs_one() -> None:
    [model] = local()["models"]
    [fault] = faults(local(models=[model, {**model, "name": "other", "image": None}], embedded=None))
    assert "slipway:registry" in fault
    assert "every model's `image`" in fault


def test_an_embedded_stack_names_its_kubeconfig() -> None:
    [fault] = faults(local(cluster={"kind": {"name": "test"}}))
    assert fault == "slipway:embedded: write its kubeconfig and context as `cluster.existing`"


def test_an_embedded_stack_serves_one_source_under_as_many_names_as_wanted() -> None:
    [model] = local()["models"]
    assert len(parse_settings(local(models=[model, {**model, "name": "other"}])).models) == 2
    [fault] = faults(local(models=[model, {**model, "name": "other", "source": "models:/other/1"}]))
    assert fault.startswith("slipway:models: ")
    assert "models:/other/1" in fault


def test_a_ready_image_is_served_and_nothing_is_built(run: Run) -> None:
    [model] = local()["models"]
    assert "repository" not in run.one("ModelFiles").inputs
    [service] = [entry for entry in run.kubernetes if entry.kind == "InferenceService"]
    [container] = service.inputs["spec"]["predictor"]["containers"]
    assert container["image"] == model["image"]


def test_the_model_s_files_still_tell_version_and_example(run: Run) -> None:
    assert [entry for entry in run.all if entry.name == "mlflow-wine-classifier-files"]


def test_nothing_of_the_platform_is_installed(run: Run) -> None:
    assert not run.of("Release")


def test_what_this_machine_decided_lies_under_the_override(tmp_path: Path) -> None:
    path = tmp_path / "Pulumi.local.yaml"
    path.write_text(Path("Pulumi.local.yaml").read_text())
    own = stack_file.machine_path_of(path)
    own.parent.mkdir(parents=True)
    own.write_text("config: {'slipway:ingress': {address: '127.0.0.1:1'}, 'slipway:tracking': {uri: 'http://a:1'}}")
    stack_file.override_path_of(path).write_text("config: {'slipway:tracking': {uri: 'http://b:2'}}")
    config = stack_file.effective(path)["config"]
    assert config["slipway:ingress"] == {
        "domain": "slipway.localhost",
        "address": "127.0.0.1:1",
    }
    assert config["slipway:tracking"]["uri"] == "http://b:2"
