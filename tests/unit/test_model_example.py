"""A model without an example of its own is asked what it was logged with."""

import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

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


def test_what_yaml_alone_has_a_word_for_is_written_as_v2_has_it(tmp_path: Path) -> None:
    own = {"inputs": [{"data": [datetime(2026, 11, 26, 17, 30), date(2026, 11, 27)]}, {"data": [b"abc"]}]}
    (tmp_path / "MLmodel").write_text(yaml.safe_dump({"metadata": {"slipway_example": own}}))
    got = example.of(LoggedModel(tmp_path))
    assert got == {"inputs": [{"data": ["2026-11-26T17:30:00", "2026-11-27"]}, {"data": ["YWJj"]}]}


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


def test_infinity_stays(tmp_path: Path) -> None:
    serving = {"dataframe_split": {"columns": ["a"], "data": [[float("inf")]]}}
    got = example.of(model(tmp_path, [{"type": "double", "name": "a"}], serving))
    assert got
    assert got["inputs"][0]["data"] == [float("inf")]


@pytest.mark.parametrize(
    ("given", "data"),
    [
        ({"a": 1.5, "b": "x"}, {"a": [1.5], "b": ["x"]}),
        ({"a": [1.5, 2.5], "b": ["x", "y"]}, {"a": [1.5, 2.5], "b": ["x", "y"]}),
        ([{"a": 1.5, "b": "x"}, {"a": 2.5}], {"a": [1.5, 2.5], "b": ["x", None]}),
        ([{"a": 1.5, "c": 1}], {"a": [1.5]}),
        ([1.5], None),
        ({"c": 1}, None),
    ],
)
def test_columns_may_be_given_as_dicts(given: Any, data: Any, tmp_path: Path) -> None:
    signature = [{"type": "double", "name": "a"}, {"type": "string", "name": "b"}]
    got = example.of(model(tmp_path, signature, {"inputs": given}))
    assert (got and {each["name"]: each["data"] for each in got["inputs"]}) == data


@pytest.mark.parametrize("name", [{}, {"name": "a"}])
@pytest.mark.parametrize("given", ["hello", ["hello"]])
def test_the_only_column_may_be_given_alone(given: Any, name: Any, tmp_path: Path) -> None:
    got = example.of(model(tmp_path, [{"type": "string", **name}], {"inputs": given}))
    assert got
    assert [(each["shape"], each["data"]) for each in got["inputs"]] == [([1, 1], ["hello"])]


def test_a_list_is_one_row_of_a_column_of_lists(tmp_path: Path) -> None:
    spec = {"type": "array", "items": {"type": "double"}, "name": "a"}
    got = example.of(model(tmp_path, [spec], {"inputs": {"a": [1.5, 2.5]}}))
    assert got
    assert got["inputs"][0]["data"] == ["[1.5, 2.5]"]


def test_a_datetime_of_an_array_is_one_in_v2_too(tmp_path: Path) -> None:
    spec = {"type": "tensor", "tensor-spec": {"dtype": "datetime64[ns]", "shape": [-1]}}
    got = example.of(model(tmp_path, [spec], {"inputs": [1795651200000000000, 1795651200123456789]}))
    assert got
    assert got["inputs"][0]["data"] == ["2026-11-26T00:00:00.000000000", "2026-11-26T00:00:00.123456789"]


@pytest.mark.parametrize(
    ("signature", "serving"), [(None, {"inputs": [1]}), ([{"type": "long"}], None), ([{"type": "long"}], {})]
)
def test_without_both_an_example_and_a_signature_there_is_none(signature: Any, serving: Any, tmp_path: Path) -> None:
    assert example.of(model(tmp_path, signature, serving)) is None
