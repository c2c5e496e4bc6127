"""A model on this machine, and the start of one."""

import ast
import json
from pathlib import Path

import pytest

from components.errors import SlipwayError
from components.serving import resolution
from components.serving.logged_model import LoggedModel
from components.serving.plan import Plan, Wishes
from tools import serve
from tools.new_model import new_model
from tools.serve import told, variables

PLAN = Plan(python="3.13", server="kserve", reason="Python 3.13 is later than MLServer's last, 3.12", key="ab" * 32)


def test_the_server_gets_the_image_s_variables_with_this_machine_s_places(tmp_path: Path) -> None:
    given = variables(tmp_path / "context", PLAN, 9000, tmp_path)
    assert given["MODEL_SERVER"] == "kserve"
    assert given["MODEL_FOLDER"] == str(tmp_path / "context" / "model")
    assert given["MODEL_PYTHON"] == str(tmp_path / "kserve-3.13-abababababab" / "model" / "bin" / "python")
    assert given["MLSERVER_HOST"] == "127.0.0.1"
    assert (given["MLSERVER_HTTP_PORT"], given["MLSERVER_METRICS_PORT"]) == ("9000", "9002")


def test_what_is_served_again_is_not_resolved_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = tmp_path / "model"
    model.mkdir()
    (model / "MLmodel").write_text(json.dumps({"flavors": {"python_function": {"python_version": "3.11.5"}}}))
    (model / "requirements.txt").write_text("numpy==2.4.6\n")
    asked: list[str] = []

    def lock(folder: Path, *_: object, **__: object) -> str:
        asked.append((folder / "requirements.txt").read_text())
        return "numpy==2.4.6\n"

    monkeypatch.setattr(resolution, "lock", lock)
    monkeypatch.setattr(resolution, "needs_compiler", lambda *_: False)
    monkeypatch.setattr(serve, "_install", lambda home, *_: (home / "lib/python3.11/site-packages").mkdir(parents=True))
    plans = [serve.prepared(model, Wishes(), tmp_path / "kept")[1] for _ in range(2)]
    assert plans[0] == plans[1]
    assert asked == ["numpy==2.4.6\n"]
    (model / "requirements.txt").write_text("numpy==2.4.5\n")
    serve.prepared(model, Wishes(), tmp_path / "kept")
    assert asked == ["numpy==2.4.6\n", "numpy==2.4.5\n"]


def test_a_reader_is_told_the_server_its_reason_and_how_to_ask_it(tmp_path: Path) -> None:
    example = {"inputs": [{"name": "a"}], "outputs": [1]}
    (tmp_path / "MLmodel").write_text(json.dumps({"metadata": {"slipway_example": example}}))
    text = told(LoggedModel(tmp_path), PLAN, 9000)
    assert text.startswith("KServe's Python server on Python 3.13 (Python 3.13 is later than MLServer's last, 3.12)")
    assert """-d '{"inputs": [{"name": "a"}]}' http://127.0.0.1:9000/v2/models/mlflow-model/infer""" in text


def test_a_new_model_is_a_script_and_the_entry_for_a_stack_file(tmp_path: Path) -> None:
    text = new_model("churn", tmp_path)
    script = (tmp_path / "churn" / "train.py").read_text()
    ast.parse(script)
    assert "NAME" not in script
    assert "source: models:/churn/1" in text
    with pytest.raises(SlipwayError, match="there is a model of this name already"):
        new_model("churn", tmp_path)


@pytest.mark.parametrize("name", ["Churn", "1", "a_b", "a" * 41, "../x"])
def test_a_name_that_kubernetes_would_refuse_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(SlipwayError, match="a model's name is lower-case letters"):
        new_model(name, tmp_path)
