"""The two stack files of docs/fleets.md are right as they stand there."""

import re
from pathlib import Path

import pytest
import yaml

from components.settings import parse_settings
from tests.documents import blocks
from tools import recording
from tools.stack_file import settings_of

DATABASE = {"url": "postgresql+psycopg2://user:password@db.example.com:5432/mlflow"}
KEYS = {"accessKeyId": "AKIAEXAMPLE", "secretAccessKey": "example"}
FILES = {
    found[1]: block.text
    for block in blocks()
    if block.page == Path("docs/fleets.md") and (found := re.match(r"# Pulumi\.([a-z-]+)\.yaml\n", block.text))
}


def test_there_are_two() -> None:
    assert set(FILES) == {"fleet-eu", "fleet-us"}


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_stack_of_the_fleet_has_what_it_shares_and_runs_no_database_and_no_store(name: str) -> None:
    values = settings_of(yaml.safe_load(FILES[name]))
    values |= {"database": DATABASE, "objectStore": {**values["objectStore"], **KEYS}}
    settings = parse_settings(values)
    assert settings.object_store.bucket == "slipway-artifacts"
    run = recording.run_stack(name, values)
    assert not run.of("StatefulSet")
    assert [each.name for each in run.of("Deployment")] == ["mlflow"]
    assert bool(run.of("Job")) == (name == "fleet-eu")


def test_the_stacks_of_a_fleet_have_namespaces_and_hosts_of_their_own() -> None:
    first, second = (parse_settings(settings_of(yaml.safe_load(text))) for text in FILES.values())
    assert not {first.namespaces.data, first.namespaces.models} & {second.namespaces.data, second.namespaces.models}
    assert not set(first.hosts) & set(second.hosts)
