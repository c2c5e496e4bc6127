"""Rows become the request that a model takes; its answer becomes a table, and many answers their times."""

import json
from pathlib import Path
from typing import Any

import pyarrow
import pytest
from pyarrow import parquet

from components.errors import SlipwayError
from tools.prediction.answer import table
from tools.prediction.load import measured, percentile
from tools.prediction.rows import request

MATRIX: list[dict[str, Any]] = [{"name": "x", "shape": [1, 2], "datatype": "FP64", "data": [1.0, 2.0]}]
COLUMNS: list[dict[str, Any]] = [
    {"name": "age", "shape": [1, 1], "datatype": "INT64", "data": [1], "parameters": {"content_type": "np"}},
    {"name": "city", "shape": [1, 1], "datatype": "BYTES", "data": ["x"]},
]


def written(folder: Path, name: str, content: Any) -> Path:
    file = folder / name
    file.write_text(content if isinstance(content, str) else json.dumps(content))
    return file


@pytest.mark.parametrize("name", ["rows.csv", "rows.json", "lists.json", "rows.parquet"])
def test_rows_of_every_form_are_the_same_request(tmp_path: Path, name: str) -> None:
    rows: list[dict[str, float]] = [{"a": 1.5, "b": 2}, {"a": 3, "b": 4}]
    if name.endswith("parquet"):
        parquet.write_table(pyarrow.Table.from_pylist(rows), tmp_path / name)
        file = tmp_path / name
    else:
        forms: dict[str, Any] = {"rows.csv": "a,b\n1.5,2\n3,4\n", "rows.json": rows, "lists.json": [[1.5, 2], [3, 4]]}
        file = written(tmp_path, name, forms[name])
    assert request(file, MATRIX) == {"inputs": [{**MATRIX[0], "shape": [2, 2], "data": [1.5, 2.0, 3.0, 4.0]}]}


def test_a_model_of_columns_takes_each_by_its_name_whatever_their_order(tmp_path: Path) -> None:
    file = written(tmp_path, "rows.csv", "city,unused,age\nBonn,1,30\nUlm,2,40\n")
    assert request(file, COLUMNS) == {
        "inputs": [
            {**COLUMNS[0], "shape": [2, 1], "data": [30, 40]},
            {**COLUMNS[1], "shape": [2, 1], "data": ["Bonn", "Ulm"]},
        ]
    }


def test_a_request_is_asked_as_it_is(tmp_path: Path) -> None:
    body = {"inputs": [{"name": "x", "shape": [13], "datatype": "FP32", "data": [1]}], "id": "mine"}
    assert request(written(tmp_path, "body.json", body), MATRIX) == body


def test_without_an_example_rows_are_numbers(tmp_path: Path) -> None:
    found = request(written(tmp_path, "rows.json", [[1, 2, 3]]), None)
    assert found == {"inputs": [{"name": "input-0", "datatype": "FP64", "shape": [1, 3], "data": [1.0, 2.0, 3.0]}]}


@pytest.mark.parametrize(
    ("name", "content", "example", "said"),
    [
        ("rows.csv", "a,b\n1,2\n1\n", MATRIX, "row 2: None is no FP64"),
        ("rows.json", [[1, 2], [1]], MATRIX, "row 2 has 1 values, and the model takes 2"),
        ("rows.csv", "a,b\n1,x\n", MATRIX, "row 1: 'x' is no FP64"),
        ("rows.csv", "age\n3\n", COLUMNS, "row 1 has no column city, which the model takes"),
        ("rows.json", "[", MATRIX, "cannot be read as JSON"),
        ("rows.json", [], MATRIX, "holds no row; write a list of rows, or a V2 request"),
        ("rows.xlsx", "", MATRIX, "rows are read from .json, .csv, .parquet"),
        ("rows.parquet", "no parquet", MATRIX, "cannot be read as PARQUET"),
    ],
)
def test_what_a_model_cannot_take_is_told_in_words(
    tmp_path: Path, name: str, content: Any, example: Any, said: str
) -> None:
    with pytest.raises(SlipwayError) as error:
        request(written(tmp_path, name, content), example)
    assert said in str(error.value)


def test_an_answer_is_a_line_for_each_row() -> None:
    answer = {
        "outputs": [
            {"name": "label", "shape": [2, 1], "datatype": "BYTES", "data": ["good", "bad"]},
            {"name": "p", "shape": [2, 2], "datatype": "FP64", "data": [0.25, 0.75, 0.123456789, 1.0]},
        ]
    }
    assert table(answer) == "row  label  p[0]      p[1]\n1    good   0.25      0.75\n2    bad    0.123457  1"


def test_times_are_percentiles_of_what_was_answered_and_failures_are_counted_by_reason() -> None:
    asked: list[int] = []

    def ask() -> None:
        asked.append(1)
        if len(asked) % 4 == 0:
            raise SlipwayError("the model answered 500: no\nmore")

    result = measured(ask, 8, None)
    assert (len(result.latencies), result.failed) == (6, {"the model answered 500: no": 2})
    assert "8 requests in" in str(result)
    assert "2 failed; p50" in str(result)
    assert "  2 x the model answered 500: no" in str(result)


def test_a_rate_is_kept_while_answers_are_waited_for() -> None:
    result = measured(lambda: None, 10, 200)
    assert len(result.latencies) == 10
    assert result.seconds >= 9 / 200


@pytest.mark.parametrize(("share", "value"), [(50, 5), (95, 10), (99, 10), (10, 1)])
def test_a_percentile_is_a_value_that_was_measured(share: int, value: int) -> None:
    assert percentile(range(1, 11), share) == value
