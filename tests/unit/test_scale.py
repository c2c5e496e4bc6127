"""`python -m tools scale` changes one number in the stack file."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from components.errors import SlipwayError
from tools import scale
from tools.cli import commands

HEAD = """\
# Ours.
config:
  slipway:cluster: {kind: {name: x}}   # one node
  slipway:ingress: {domain: slipway.localhost}
  slipway:models:
"""
BLOCK = (
    HEAD
    + """\
    - name: wine  # the good one
      source: models:/wine/1
      replicas: 2   # for now
    # the other
    - {name: beer, source: models:/beer/1}
    - source: models:/tea/1
      name: tea
    - name: hop
      source: models:/hop/1
      autoscaling: {max: 3, targetCPUUtilizationPercentage: 60}
"""
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "Pulumi.x.yaml"
    path.write_text(BLOCK)
    return path


@pytest.mark.parametrize(
    ("model", "before", "after"),
    [
        ("wine", "replicas: 2   # for now", "replicas: 5   # for now"),
        ("beer", "{name: beer, source", "{name: beer, replicas: 5, source"),
        ("tea", "      name: tea\n", "      name: tea\n      replicas: 5\n"),
    ],
)
def test_only_the_count_changes(file: Path, model: str, before: str, after: str) -> None:
    scale.scale(file, model, 5)
    assert file.read_text() == BLOCK.replace(before, after)


def test_a_comment_after_the_name_stays_on_its_line(file: Path) -> None:
    file.write_text(BLOCK.replace("      replicas: 2   # for now\n", ""))
    scale.scale(file, "wine", 4)
    assert "    - name: wine  # the good one\n      replicas: 4\n      source" in file.read_text()


def test_an_override_that_has_the_models_is_what_changes(file: Path) -> None:
    over = file.with_name("Pulumi.x.override.yaml")
    over.write_text("config:\n  slipway:models: [{name: wine, source: models:/wine/1}]\n")
    scale.scale(file, "wine", 3)
    assert "{name: wine, replicas: 3, source" in over.read_text()
    assert file.read_text() == BLOCK


@pytest.mark.parametrize(
    ("model", "replicas", "said"),
    [
        ("hop", 2, "hop has `autoscaling`, which owns the count"),
        ("gin", 2, "no model gin; the file has wine, beer, tea, hop"),
        ("wine", 0, "0 replicas: write at least 1"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_changes(file: Path, model: str, replicas: int, said: str) -> None:
    with pytest.raises(SlipwayError, match=said):
        scale.scale(file, model, replicas)
    assert file.read_text() == BLOCK


def test_a_file_that_would_be_wrong_stays_as_it_was(file: Path) -> None:
    wrong = BLOCK.replace("name: x", "nmae: x")
    file.write_text(wrong)
    with pytest.raises(SlipwayError, match="is unchanged, for it would be wrong"):
        scale.scale(file, "wine", 3)
    assert file.read_text() == wrong


def test_it_ends_with_what_to_do_next(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(file.parent)
    done = CliRunner().invoke(commands, ["scale", "x", "wine", "3"])
    assert done.exit_code == 0
    assert done.output == "Pulumi.x.yaml: wine has replicas: 3; now: make up STACK=x\n"
