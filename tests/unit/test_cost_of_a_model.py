"""What one more model costs the engine: each resource is asked about, and written down, at every `up`."""

import json
from pathlib import Path

import pytest
import yaml

from tests.unit.engine import Registration, run_stack

MODEL = yaml.safe_load(Path("Pulumi.local.yaml").read_text())["config"]["slipway:models"][0]
# Its files, its service, its autoscaler and its route; the question that it is asked is one among others.
RESOURCES = {"ModelFiles", "InferenceService", "HorizontalPodAutoscaler", "VirtualService"}


def models(count: int) -> list[Registration]:
    wanted = [{**MODEL, "name": f"model-{number}"} for number in range(count)]
    return run_stack("local", {"models": wanted}).all


@pytest.fixture(scope="module")
def one_more() -> list[Registration]:
    """What the third model added."""
    before = {(each.type, each.name) for each in models(2)}
    return [each for each in models(3) if (each.type, each.name) not in before]


def test_a_model_is_four_resources(one_more: list[Registration]) -> None:
    assert sorted(each.kind for each in one_more) == sorted(RESOURCES)
    assert all(each.custom for each in one_more)


def test_no_resource_holds_the_models_settings_again(one_more: list[Registration]) -> None:
    said = {each.kind: json.dumps(each.inputs) for each in one_more}
    # The autoscaler's own word, which only its own object needs.
    assert {kind for kind, text in said.items() if "averageUtilization" in text} == {"HorizontalPodAutoscaler"}
    assert sum(map(len, said.values())) < 4_000
