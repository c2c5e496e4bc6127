"""A model without an example of its own is asked what it was logged with."""

import json
from pathlib import Path
from typing import Any

import pytest

from components.serving import example
from components.serving.logged_model import LoggedModel
from components.serving.problem import ServingError


def model(folder: Path, signature: Any = None, serving: Any = None, metadata: Any = None) -> LoggedModel:
    described = {"metadata": metadata, **({"signature": {"inputs": json.dumps(signature)}} if signature else {})}
    (folder / "MLmodel").write_text(json.dumps(described))
    if serving is not None:
        (folder / "serving_input_example.json").write_text(json.dumps(serving))
    return LoggedModel(folder)


def test_the_model_s_own_example_goes_first(tmp_path: Path) -> None:
    own = {"inputs": [{"name": "a"}], "outputs": [1]}
    assert example.of(model(tmp_path, metadata={"slipway_example": own})) == own


def test_an_example_without_inputs_says_how_it_is_written(tmp_path: Path) -> None:
    with pytest.raises(ServingError, match="slipway_example without `inputs`"):
        example.of(model(tmp_path, metadata={"slipway_example": {"outputs": [1]}}))


def test_the_columns_of_a_frame_become_inputs(tmp_path: Path) -> None:
    signature = [
        {"type": "double", "name": "a"},
        {"type": "string", "name": 7},
        {"type": "array", "items": {"type": "long"}, "name": "c"},
    ]
    serving = {"dataframe_split": {"columns": ["a", 7, "c"], "data": [[1.5, "x", [1]], [None, "y", [2]]]}}
    assert example.of(model(tmp_path, signature, serving)) == {
        "inputs": [
            {"name": "a", "datatype": "FP64", "shape": [2, 1], "data": [1.5, None]},
            {"name": "7", "datatype": "BYTES", "shape": [2, 1], "data": ["x", "y"]},
            {
                **{"name": "c", "datatype": "BYTES", "shape": [2, 1], "data": ["[1]", "[2]"]},
                "parameters": {"content_type": "pd_json"},
            },
        ]
    }


def test_arrays_become_inputs_with_their_shape_and_params_are_kept(tmp_path: Path) -> None:
    spec = {"type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [-1, 2]}}
    serving = {"inputs": [[1.5, 2.5]], "params": {"factor": 2}}
    assert example.of(model(tmp_path, [spec], serving)) == {
        "inputs": [{"name": "input-0", "datatype": "FP32", "shape": [1, 2], "data": [[1.5, 2.5]]}],
        "parameters": {"factor": 2},
    }


def test_a_missing_number_is_null(tmp_path: Path) -> None:
    serving = {"dataframe_split": {"columns": ["a"], "data": [[float("nan")]]}}
    got = example.of(model(tmp_path, [{"type": "double", "name": "a"}], serving))
    assert got
    assert got["inputs"][0]["data"] == [None]


def test_named_arrays_keep_their_names(tmp_path: Path) -> None:
    specs = [{"type": "tensor", "name": name, "tensor-spec": {"dtype": "int64", "shape": [-1]}} for name in ("a", "b")]
    got = example.of(model(tmp_path, specs, {"inputs": {"b": [2], "a": [1]}}))
    assert got
    assert [(each["name"], each["data"]) for each in got["inputs"]] == [("a", [1]), ("b", [2])]


@pytest.mark.parametrize(
    ("signature", "serving"), [(None, {"inputs": [1]}), ([{"type": "long"}], None), ([{"type": "long"}], {})]
)
def test_without_both_an_example_and_a_signature_there_is_none(signature: Any, serving: Any, tmp_path: Path) -> None:
    assert example.of(model(tmp_path, signature, serving)) is None
