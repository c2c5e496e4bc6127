"""A model's entry is changed in a stack file; whatever else stands there, and however it is written, stays."""

from pathlib import Path

import pytest
import yaml

from components.errors import SlipwayError
from tools import stack_edit
from tools.release import canary, promote, rollback
from tools.scale import scale

HEAD = """\
# Ours.
config:
  slipway:cluster:   {kind: {name: x}}   # one node
  slipway:ingress: {domain: slipway.localhost}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "Pulumi.x.yaml"


def written(file: Path, models: str, head: str = HEAD) -> str:
    text = f"{head}  slipway:models:\n{models}"
    file.write_text(text)
    return text


def models_of(file: Path) -> dict[str, dict[str, object]]:
    return {each["name"]: each for each in yaml.safe_load(file.read_text())["config"]["slipway:models"]}


def test_an_alias_is_replaced_where_it_stands_and_its_anchor_stays(file: Path) -> None:
    text = written(
        file,
        "    - {name: beer, source: models:/beer/1, replicas: &pods 2}   # many\n"
        "    - {name: wine, source: models:/wine/1, replicas: *pods}   # as many\n",
    )
    scale(file, "wine", 5)
    assert file.read_text() == text.replace("*pods", "5")


def test_the_value_of_an_anchor_stays_for_those_who_name_it(file: Path) -> None:
    written(
        file,
        "    - name: wine\n      source: models:/wine/1\n      replicas: &pods 2  # of mine\n"
        "    - name: beer\n      source: models:/beer/1\n      replicas: *pods  # the same\n",
    )
    scale(file, "wine", 5)
    assert (models_of(file)["wine"]["replicas"], models_of(file)["beer"]["replicas"]) == (5, 2)
    assert "replicas: 5  # of mine\n" in file.read_text()
    assert "  # the same\n" in file.read_text()


MERGED = """\
    - &wine
      name: wine
      source: models:/wine/1
      replicas: 2
    - <<: *wine
      name: beer
"""


def test_what_another_model_inherits_is_not_changed_behind_its_back(file: Path) -> None:
    text = written(file, MERGED)
    with pytest.raises(SlipwayError, match="beer takes values of wine by `<<:` or an alias") as refused:
        scale(file, "wine", 5)
    assert "write those values out there first" in str(refused.value)
    assert file.read_text() == text


def test_an_inherited_value_is_overruled_in_the_entry_that_inherits(file: Path) -> None:
    text = written(file, MERGED)
    scale(file, "beer", 5)
    assert file.read_text() == text.replace("name: beer\n", "name: beer\n      replicas: 5\n")


INHERITED = """\
    - &wine
      name: wine
      source: models:/wine/1
      canary: {source: models:/wine/2, percent: 5}
    - <<: *wine
      name: beer
"""


def test_an_inherited_canary_is_rolled_back_where_it_is_inherited(file: Path) -> None:
    text = written(file, INHERITED)
    rollback(file, "beer")
    assert file.read_text() == text.replace("name: beer\n", "name: beer\n      canary:\n")
    assert models_of(file)["beer"]["canary"] is None
    assert models_of(file)["wine"]["canary"]


def test_an_inherited_canary_is_promoted_where_it_is_inherited(file: Path) -> None:
    written(file, INHERITED)
    promote(file, "beer")
    assert models_of(file)["beer"]["source"] == "models:/wine/2"
    assert models_of(file)["beer"]["canary"] is None
    assert models_of(file)["wine"]["source"] == "models:/wine/1"


def test_what_would_be_read_as_yaml_is_quoted(file: Path) -> None:
    written(file, "    - name: wine\n      source: models:/wine/1\n    - {name: beer, source: models:/beer/1}\n")
    odd = "models:/wine [prod]/2"
    canary(file, "wine", odd, 10)
    assert models_of(file)["wine"]["canary"] == {"source": odd, "percent": 10}
    promote(file, "wine")
    assert models_of(file)["wine"]["source"] == odd
    canary(file, "beer", odd, 10)
    promote(file, "beer")
    assert models_of(file)["beer"] == {"name": "beer", "source": odd}


@pytest.mark.parametrize("quote", ["'", '"'])
def test_quotes_stay_those_that_somebody_chose(file: Path, quote: str) -> None:
    text = written(
        file,
        f"    - name: {quote}wine{quote}\n      source: {quote}models:/wine/1{quote}\n      train:\n"
        f"        script: {quote}model/train.py{quote}\n        args: [--alpha, {quote}0.1{quote}]\n",
    )
    scale(file, "wine", 3)
    name = f"name: {quote}wine{quote}\n"
    assert file.read_text() == text.replace(name, f"{name}      replicas: 3\n")


@pytest.mark.parametrize("ending", ["\r\n", "\n"])
@pytest.mark.parametrize("last", ["\n", ""])
def test_line_endings_stay_those_of_the_file(file: Path, ending: str, last: str) -> None:
    text = written(file, "    - name: wine  # good\n      source: models:/wine/1") + last
    file.write_bytes(text.replace("\n", ending).encode())
    scale(file, "wine", 3)
    wanted = text.replace("# good\n", "# good\n      replicas: 3\n")
    assert file.read_bytes() == wanted.replace("\n", ending).encode()


def test_a_file_that_ends_in_the_changed_line_ends_there_still(file: Path) -> None:
    text = written(file, "    - source: models:/wine/1\n      name: wine")
    scale(file, "wine", 3)
    assert file.read_text() == f"{text}\n      replicas: 3"


ODD = """\
    # Of the cellar: "#1", it's said.
    - name:   wine    # the '#' of all

      source:  "models:/wine #1/1"  # not: a comment # here
      train: {script: model/train.py, args: [--alpha, "0.1",
              --note, 'it''s #1']}   # two lines

      # before the count
      replicas:    2
      # after it
      labels: {note: "a # b"}
"""


def test_spacing_blank_lines_and_odd_forms_of_others_keys_stay(file: Path) -> None:
    head = HEAD + "  other:text: |\n    # no comment\n\n    a  # nor this\n  other:long: >-\n    one\n    two\n"
    text = written(file, ODD.replace('      labels: {note: "a # b"}\n', ""), head)
    scale(file, "wine", 7)
    assert file.read_text() == text.replace("replicas:    2", "replicas: 7")
    canary(file, "wine", "models:/wine/2", 10)
    rollback(file, "wine")
    assert file.read_text() == text.replace("replicas:    2", "replicas: 7")


@pytest.mark.parametrize(
    "models",
    [
        "  - name: wine\n    source: models:/wine/1\n  - name: beer\n    source: models:/beer/1\n",
        "  -   name: wine\n      source: models:/wine/1\n",
        "        - name: wine\n          source: models:/wine/1\n",
        "    -\n      name: wine\n      source: models:/wine/1\n",
        "    - name: wine\n      source:\n        models:/wine/1\n",
        "    [{name: wine, source: models:/wine/1}, {name: beer, source: models:/beer/1}]\n",
        "    [\n      {name: wine,\n       source: models:/wine/1},\n      {name: beer, source: models:/b/1},\n    ]\n",
    ],
)
def test_lists_of_every_form_can_be_changed(file: Path, models: str) -> None:
    text = written(file, models)
    before = models_of(file)
    scale(file, "wine", 3)
    assert models_of(file) == {**before, "wine": {**before["wine"], "replicas": 3}}
    assert file.read_text().startswith(text.partition("  slipway:models")[0])
    canary(file, "wine", "models:/wine/2", 10)
    rollback(file, "wine")
    assert models_of(file) == {**before, "wine": {**before["wine"], "replicas": 3}}


def test_the_comments_of_a_canary_go_with_it_and_those_after_it_stay(file: Path) -> None:
    kept = "    - name: wine\n      source: models:/wine/1\n"
    text = written(
        file,
        f"{kept}      canary:  # try it\n        # the new one\n        source: models:/wine/2\n"
        "        percent: 5  # five\n"
        "      # end of wine\n\n    # the next\n    - {name: beer, source: models:/beer/1}\n",
    )
    rollback(file, "wine")
    gone = text[text.index("      canary") : text.index("      # end of wine")]
    assert file.read_text() == text.replace(gone, "")


def test_a_canary_with_its_training_can_be_promoted(file: Path) -> None:
    written(
        file,
        "    - name: wine\n      source: models:/wine/1\n      train: {script: model/train.py}\n      canary:\n"
        "        source: models:/wine/2\n        percent: 5\n        train:\n          script: model/train.py\n"
        '          args: [--alpha, "0.2"]\n    - {name: beer, source: models:/beer/1}\n',
    )
    promote(file, "wine")
    assert models_of(file)["wine"] == {
        "name": "wine",
        "source": "models:/wine/2",
        "train": {"script": "model/train.py", "args": ["--alpha", "0.2"]},
    }
    assert file.read_text().endswith("    - {name: beer, source: models:/beer/1}\n")


def test_the_file_is_whole_whatever_breaks_off(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = written(file, "    - name: wine\n      source: models:/wine/1\n")

    def full(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(OSError, match="no space left"):
        scale(file, "wine", 3)
    assert file.read_text() == text
    assert list(file.parent.iterdir()) == [file]


def test_a_link_and_the_rights_of_the_file_stay(file: Path) -> None:
    written(file, "    - name: wine\n      source: models:/wine/1\n")
    real = file.rename(file.with_name("real.yaml"))
    real.chmod(0o640)
    file.symlink_to(real)
    scale(file, "wine", 3)
    assert file.is_symlink()
    assert real.stat().st_mode & 0o777 == 0o640
    assert "replicas: 3" in real.read_text()


@pytest.mark.parametrize("text", ["a: [", "a: 1\na: 2\n", "- 1\n", "config:\n  slipway:models:\n    - 7\n"])
def test_what_is_no_stack_file_is_refused(file: Path, text: str) -> None:
    file.write_text(text)
    with pytest.raises(SlipwayError):
        scale(file, "wine", 3)
    assert file.read_text() == text


def test_a_file_without_changes_is_the_same_to_the_byte() -> None:
    for path in Path().glob("Pulumi.*.yaml"):
        text = path.read_text()
        for model in yaml.safe_load(text)["config"].get(stack_edit.MODELS, ()):
            assert stack_edit.edited(text, model["name"], lambda _entry: None) == text
