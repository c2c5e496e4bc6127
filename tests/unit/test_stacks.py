"""The whole program, on the stack files as they are committed."""

from pathlib import Path

import pytest
import yaml

from components.dynamic.kind_cluster import KindCluster
from components.settings import Settings
from tests.unit.engine import Run, run_stack


@pytest.fixture(scope="module")
def dev() -> Run:
    return run_stack("dev")


@pytest.fixture(scope="module")
def prod() -> Run:
    return run_stack("prod")


def test_every_kubernetes_resource_goes_to_the_programs_own_provider(dev: Run, prod: Run) -> None:
    for run in (dev, prod):
        assert len(run.kubernetes) > 20
        stray = [entry for entry in run.kubernetes if "::kubernetes::" not in entry.provider]
        assert not stray


def test_everything_on_the_kind_cluster_dies_with_it(dev: Run) -> None:
    cluster = f"{KindCluster.token}::cluster"
    parents = {f"{entry.type}::{entry.name}": entry for entry in dev.all}

    def dies(entry: object) -> bool:
        while entry:
            if cluster in entry.deleted_with:  # type: ignore[attr-defined]
                return True
            entry = parents.get("::".join(entry.parent.split("$")[-1].split("::")[-2:]))  # type: ignore[attr-defined]
        return False

    alive = [entry for entry in dev.all if not dies(entry) and entry.kind != "Cluster" and entry.name != "cluster"]
    assert not alive


def test_nothing_dies_unasked_with_a_cluster_that_is_not_ours(prod: Run) -> None:
    assert not [entry for entry in prod.all if entry.deleted_with]
    assert not [entry for entry in prod.all if entry.name == "cluster" and entry.custom]


def test_names_hold_no_environment(dev: Run, prod: Run) -> None:
    for run, stack in ((dev, "dev"), (prod, "prod")):
        assert not [entry.name for entry in run.all if stack in entry.name.split("-")]


def test_a_model_costs_a_handful_of_resources(dev: Run) -> None:
    assert len([entry for entry in dev.all if "mlflow-wine-classifier" in entry.name and entry.custom]) <= 9


def test_the_outputs_say_where_everything_is_and_no_secret(dev: Run) -> None:
    assert dev.outputs["tracking"] == "http://127.0.0.1:8080/mlflow"
    assert dev.outputs["kubeconfig"] == ".slipway/dev/kubeconfig"
    model = dev.outputs["models"]["mlflow-wine-classifier"]
    assert {"image", "digest", "version", "host", "url", "example", "answer", "curl"} == set(model)
    assert "s3cret" not in str(dev.outputs)
    assert "apiVersion" not in str(dev.outputs)


def test_the_ambient_provider_is_off() -> None:
    config = yaml.safe_load(Path("Pulumi.yaml").read_text())["config"]
    assert config["pulumi:disable-default-providers"]["value"] == ["kubernetes"]


def test_every_setting_is_declared_with_a_description_and_only_what_is_required_lacks_a_default() -> None:
    config = yaml.safe_load(Path("Pulumi.yaml").read_text())["config"]
    declared = {key.removeprefix("slipway:"): value for key, value in config.items() if key.startswith("slipway:")}
    fields = {field.alias or name: field for name, field in Settings.model_fields.items()}
    assert set(declared) == set(fields)
    assert all(value["description"] for value in declared.values())
    assert {key for key, value in declared.items() if "default" not in value} == {
        key for key, field in fields.items() if field.is_required()
    }
