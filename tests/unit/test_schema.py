"""The editors' schema says what the settings say, as far as a schema can."""

import copy
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from components.settings import SettingsError, document, parse_settings
from components.settings.merge import merged
from tests import corpus
from tools import stack_file
from tools.schema import schema

VALIDATOR = jsonschema.Draft202012Validator(schema())
PAGES = [Path("README.md"), *sorted(Path("docs").glob("*.md"))]
BLOCK = re.compile(r"^```yaml\n(.*?)^```", re.S | re.M)
EXAMPLES = [(page, text) for page in PAGES for text in BLOCK.findall(page.read_text())]


def fits(settings: Mapping[str, Any]) -> bool:
    return bool(VALIDATOR.is_valid({"config": {f"{stack_file.PREFIX}{key}": value for key, value in settings.items()}}))


def own_keys(text: str) -> dict[str, Any]:
    """Slipway's keys of an example; none where it is of something else, or leaves something out."""
    content = document.read(text.encode()).content
    if "…" in text or not isinstance(content, dict):
        return {}
    config = content.get("config", content)
    return {
        key.removeprefix(stack_file.PREFIX): value for key, value in config.items() if key.startswith(stack_file.PREFIX)
    }


def test_the_committed_schema_is_the_settings_own() -> None:
    assert json.loads(Path("stack.schema.json").read_text()) == schema(), "python -m tools schema > stack.schema.json"


@pytest.mark.parametrize("stack", ["dev", "local", "prod"])
def test_the_committed_stack_files_fit_it(stack: str) -> None:
    VALIDATOR.validate(stack_file.read(Path(f"Pulumi.{stack}.yaml")))


def test_an_unknown_key_does_not() -> None:
    file = stack_file.read(Path("Pulumi.dev.yaml"))
    file["config"]["slipway:modles"] = []
    with pytest.raises(jsonschema.ValidationError, match="slipway:modles"):
        VALIDATOR.validate(file)


def test_every_right_file_fits_it_and_most_wrong_ones_do_not() -> None:
    assert [case.title for case in corpus.right() if not fits(case.settings)] == []
    wrong = list(corpus.wrong())
    assert sum(not fits(case.settings) for case in wrong) > len(wrong) / 2


@pytest.mark.parametrize(
    "example", [each for each in EXAMPLES if own_keys(each[1])], ids=lambda example: example[0].name
)
def test_an_example_of_the_documents_fits_it_and_is_right(example: tuple[Path, str]) -> None:
    tried = [faults_over(base, own_keys(example[1])) for base in corpus.bases().values()]
    assert [] in tried, min(tried, key=len)


def faults_over(base: Mapping[str, Any], own: Mapping[str, Any]) -> list[str]:
    """What is wrong with an example that is laid over a base, but for a file that is on another machine."""
    settings = merged(copy.deepcopy(dict(base)), own)
    unfit = [] if fits(settings) else ["it does not fit the schema"]
    try:
        parse_settings(settings)
    except SettingsError as error:
        return [*unfit, *(str(each) for each in error.problems if each.key != "slipway:build.caBundle")]
    return unfit
