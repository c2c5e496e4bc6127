"""The editors' schema says what the settings say."""

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from tools.schema import schema


def test_the_committed_schema_is_the_settings_own() -> None:
    assert json.loads(Path("stack.schema.json").read_text()) == schema(), "python -m tools schema > stack.schema.json"


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_the_committed_stack_files_fit_it(stack: str) -> None:
    jsonschema.Draft202012Validator(schema()).validate(yaml.safe_load(Path(f"Pulumi.{stack}.yaml").read_text()))


def test_an_unknown_key_does_not() -> None:
    file = yaml.safe_load(Path("Pulumi.dev.yaml").read_text())
    file["config"]["slipway:modles"] = []
    with pytest.raises(jsonschema.ValidationError, match="slipway:modles"):
        jsonschema.Draft202012Validator(schema()).validate(file)
