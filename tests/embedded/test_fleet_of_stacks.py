"""The worked example of docs/fleets.md: two stacks with one MLflow, on one embedded cluster."""

import json
import re
from typing import Any

import pytest
import yaml

from components.settings.merge import merged
from tests.documents import PROJECT, blocks
from tests.embedded.conftest import Checkout
from tests.embedded.test_local_stack import changes
from tools.stack_file import PREFIX

pytestmark = pytest.mark.embedded

FIRST, SECOND = "fleet-eu", "fleet-us"


def documented(name: str) -> dict[str, Any]:
    """The settings of a stack as the page has them."""
    [text] = [block.text for block in blocks() if re.match(rf"# Pulumi\.{name}\.yaml\n", block.text)]
    return dict(yaml.safe_load(text)["config"])


def on_embedded(name: str, local: dict[str, Any]) -> dict[str, Any]:
    """The same on this cluster, whose MLflow and model server take the place of what both stacks share."""
    config = documented(name)
    for key in ("registry", "objectStore"):
        del config[f"{PREFIX}{key}"]
    for key in ("cluster", "platform"):
        config[f"{PREFIX}{key}"] = local[f"{PREFIX}{key}"]
    for key in ("ingress", "tracking"):
        own = {word: value for word, value in local[f"{PREFIX}{key}"].items() if word in ("address", "uri")}
        config[f"{PREFIX}{key}"] = merged(config[f"{PREFIX}{key}"], own)
    image = local[f"{PREFIX}models"][0]["image"]
    config[f"{PREFIX}models"] = [{**model, "image": image} for model in config[f"{PREFIX}models"]]
    return config


def test_two_stacks_serve_what_one_mlflow_has_and_neither_touches_the_other(
    checkout: Checkout, local_config: dict[str, Any]
) -> None:
    first, second = (checkout.stack(name, on_embedded(name, local_config)) for name in (FIRST, SECOND))
    try:
        served = [stack.up().outputs["models"].value["wine"] for stack in (first, second)]
        assert {(each["version"], each["digest"]) for each in served} == {("1", served[0]["digest"])}
        assert served[0]["digest"].startswith("sha256:")
        assert all(json.loads(each["answer"])["outputs"][0]["data"] for each in served)
        assert [each["host"] for each in served] == [
            "wine-eu-models.eu.models.example.com",
            "wine-us-models.us.models.example.com",
        ]
        assert checkout.names("inferenceservices") == {"eu-models/wine", "us-models/wine"}
        assert changes(first.up().summary) == changes(second.up().summary) == {}
    finally:
        first.destroy()
    try:
        assert checkout.names("inferenceservices") == {"us-models/wine"}
        assert changes(second.up().summary) == {}
    finally:
        second.destroy()
    assert not {each for each in checkout.names("namespaces") if re.match(r"/(eu|us)-", each)}


def test_the_page_names_its_proof() -> None:
    assert "tests/embedded/test_fleet_of_stacks.py" in (PROJECT / "docs" / "fleets.md").read_text()
