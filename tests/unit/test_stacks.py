"""The whole program, on the stack files as they are committed."""

import pytest

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
    cluster = "pulumi-python:dynamic:Resource::cluster"
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
    model = dev.outputs or [entry for entry in dev.all if "mlflow-wine-classifier" in entry.name and entry.custom]
    assert len(model) <= 8


def test_the_ambient_provider_is_off() -> None:
    from pathlib import Path

    import yaml

    config = yaml.safe_load(Path("Pulumi.yaml").read_text())["config"]
    assert config["pulumi:disable-default-providers"]["value"] == ["kubernetes"]
