"""`canary`, `promote` and `rollback` change which version of a model a stack file says, and nothing else in it."""

import subprocess
from pathlib import Path

import pytest

from components.errors import SlipwayError
from tools.release import canary, promote, rollback

HEAD = """\
# Ours.
config:
  slipway:cluster: {kind: {name: x}}
  slipway:ingress: {domain: slipway.localhost}
  slipway:models:
"""
WINE = """\
    - name: wine  # the good one
      source: models:/wine/1
      replicas: 2   # for now
"""
BEER = """\
    # the other
    - {name: beer, source: models:/beer/1}
"""
DIGEST = f"registry.test/wine@sha256:{'0' * 64}"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "Pulumi.x.yaml"
    path.write_text(HEAD + WINE + BEER)
    return path


def test_a_canary_is_one_line(file: Path) -> None:
    canary(file, "wine", "models:/wine/2", 10)
    line = "      canary: {source: models:/wine/2, percent: 10}\n"
    assert file.read_text() == HEAD + WINE.replace("one\n", f"one\n{line}") + BEER


def test_another_share_replaces_the_line(file: Path) -> None:
    canary(file, "wine", "models:/wine/2", 10)
    canary(file, "wine", "models:/wine/2", 50)
    assert "percent: 50" in file.read_text()
    assert file.read_text().count("canary") == 1


@pytest.mark.parametrize("model", ["wine", "beer"])
def test_a_rollback_of_a_canary_leaves_the_file_as_it_was_before(file: Path, model: str) -> None:
    canary(file, model, f"models:/{model}/2", 10)
    rollback(file, model)
    assert file.read_text() == HEAD + WINE + BEER


@pytest.mark.parametrize("model", ["wine", "beer"])
def test_a_promotion_puts_the_canarys_source_in_place(file: Path, model: str) -> None:
    canary(file, model, f"models:/{model}/2", 10)
    assert promote(file, model).endswith(f"{model} has source: models:/{model}/2")
    assert file.read_text() == (HEAD + WINE + BEER).replace(f"models:/{model}/1", f"models:/{model}/2")


def test_a_canary_over_several_lines_can_be_promoted_and_its_neighbours_comments_stay(file: Path) -> None:
    block = (
        f"      canary:\n        source: models:/wine/2\n        image: {DIGEST}\n        percent: 5\n      # last\n"
    )
    file.write_text(HEAD + WINE + block + BEER)
    promote(file, "wine")
    wine = WINE.replace("wine/1", "wine/2").replace("one\n", f"one\n      image: {DIGEST}\n")
    assert file.read_text() == HEAD + wine + "      # last\n" + BEER


def test_the_image_of_the_version_before_is_not_the_promoted_ones(file: Path) -> None:
    file.write_text(HEAD + WINE + f"      image: {DIGEST}\n" + BEER)
    canary(file, "wine", "models:/wine/2", 10)
    promote(file, "wine")
    assert "image" not in file.read_text()


def test_a_canary_behind_the_dash_can_be_removed(file: Path) -> None:
    first = "    - canary: {source: models:/wine/2, percent: 10}\n      name: wine\n      source: models:/wine/1\n"
    file.write_text(HEAD + first)
    rollback(file, "wine")
    assert file.read_text() == HEAD + "    - name: wine\n      source: models:/wine/1\n"


def commit(file: Path) -> None:
    git = ["git", "-C", str(file.parent), "-c", "user.name=t", "-c", "user.email=t@t.test"]
    for command in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "--message", "x"]):
        subprocess.run([*git, *command], check=True)


def test_without_a_canary_the_version_before_comes_from_the_files_history(file: Path) -> None:
    commit(file)
    file.write_text(file.read_text().replace("wine/1", "wine/2"))
    commit(file)
    assert rollback(file, "wine").endswith("wine has source: models:/wine/1")
    assert file.read_text() == HEAD + WINE + BEER


def test_a_version_that_no_commit_has_must_be_named(file: Path) -> None:
    with pytest.raises(
        SlipwayError, match="no earlier version of wine in git: say which one, such as TO=models:/name/1"
    ):
        rollback(file, "wine")
    rollback(file, "wine", "models:/wine/7")
    assert "source: models:/wine/7\n" in file.read_text()


def test_what_would_be_wrong_is_not_written(file: Path) -> None:
    with pytest.raises(SlipwayError, match=r"canary.percent: 0: write at least 1"):
        canary(file, "wine", "models:/wine/2", 0)
    with pytest.raises(SlipwayError, match="the model's own source"):
        canary(file, "wine", "models:/wine/1", 10)
    with pytest.raises(SlipwayError, match="wine has no canary: write one, or change its source"):
        promote(file, "wine")
    assert file.read_text() == HEAD + WINE + BEER
