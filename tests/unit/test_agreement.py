"""The gate's comparison of a model's answer with the one that its example has."""

import math
from typing import Any

import pytest

from components.serving.agreement import difference


def output(data: list[Any], datatype: str = "FP64", name: str = "output-0", **parameters: Any) -> dict[str, Any]:
    made = {"name": name, "datatype": datatype, "shape": [len(data), 1], "data": data}
    return {**made, "parameters": parameters} if parameters else made


@pytest.mark.parametrize(
    ("outputs", "right"),
    [
        ([output([0.5])], [0.5]),
        ([output([0.5])], [[0.5]]),
        ([output([0.5])], 0.5),
        ([output([0.1, 0.9])], [[0.1, 0.9]]),
        ([output([0.1, 0.9, 0.4, 0.6])], [[0.1, 0.9], [0.4, 0.6]]),
        ([output([[0.1, 0.9], [0.4, 0.6]])], [0.1, 0.9, 0.4, 0.6]),
        ([output([None, 1.0])], [math.nan, 1]),
        ([output([math.nan])], [None]),
        ([output([0.500001], "FP32")], [0.5]),
        ([output([100.01], "FP16")], [100.0]),
        ([output([1], "INT64")], [1.0]),
        ([output(["a"], "BYTES")], ["a"]),
        ([output([True], "BOOL")], [True]),
        ([output([])], []),
        ([output([1.5], name="a"), output(["x"], "BYTES", "b")], [{"a": 1.5, "b": "x"}]),
        ([output([1.5], name="a"), output(["x"], "BYTES", "b")], {"a": [1.5], "b": ["x"]}),
        ([output([1.5], name="a"), output([2.5], name="b")], {"b": 2.5}),
        ([output([1.5], name="a"), output([2.5], name="b")], [{"name": "b", "data": [2.5]}]),
        ([output([1, 3], name="a"), output([2, 4], name="b")], [[1, 2], [3, 4]]),
        ([output(['{"k": [1.0]}'], "BYTES", content_type="pd_json")], [{"k": [1]}]),
        ([output(['{"k": 1}'], "BYTES", content_type="pd_json")], {"output-0": [{"k": 1}]}),
        ([output([0.5, 0.7])], [{"0": 0.5}, {"0": 0.7}]),
        ([output(['{"0": 0.5}'], "BYTES", content_type="pd_json")], [{"0": 0.5}]),
        ([], {}),
        ([output([0.5, 0.7])], {"predictions": [0.5, 0.7]}),
        ([output([0.5], name="predictions")], {"predictions": [0.5]}),
        ([output([0.5])], {"model_name": "m", "outputs": [output([0.5])]}),
        (
            [output([1], name="a"), output(["x"], "BYTES", "b")],
            {"columns": ["a", "b"], "index": [0], "data": [[1, "x"]]},
        ),
        ([output([None, 1.5])], [math.inf, 1.5]),
        ([output(["2026-11-26T00:00:00"], "BYTES", content_type="datetime")], ["2026-11-26"]),
        ([output(["2026-11-26T17:30:00"], "BYTES", content_type="datetime")], ["2026-11-26 17:30:00.000"]),
    ],
)
def test_the_same_answer_in_another_form_is_right(outputs: list[Any], right: Any) -> None:
    assert difference({"outputs": outputs}, right) is None


@pytest.mark.parametrize(
    ("outputs", "right", "told"),
    [
        ([output([0.5, 0.7])], [0.5, 0.6], "output 'output-0', value 1: 0.7; its own example says 0.6"),
        ([output([0.5, 0.7])], [{"0": 0.5}, {"0": 0.6}], "output 'output-0', value 1: 0.7; its own example says 0.6"),
        ([output([0.5])], [0.5, 0.6], "output 'output-0' has 1 values, [0.5]; its own example says [0.5, 0.6]"),
        ([output([0.50001])], [0.5], "value 0: 0.50001"),
        ([output([0.51], "FP32")], [0.5], "value 0: 0.51"),
        ([output([2], "INT64")], [1], "value 0: 2"),
        ([output([None])], [0.0], "value 0: null; its own example says 0.0"),
        ([output([0.5])], {"predictions": [0.6]}, "value 0: 0.5; its own example says 0.6"),
        ([output(["2026-11-26"], "BYTES")], ["2026-11-26T00:00:00"], 'value 0: "2026-11-26"'),
        (
            [output(["2026-11-26T00:00:00"], "BYTES", content_type="datetime")],
            ["2026-11-27"],
            'value 0: "2026-11-26T00:00:00"; its own example says "2026-11-27T00:00:00"',
        ),
        ([output([True], "BOOL")], [1], "value 0: true; its own example says 1"),
        ([output(["1"], "BYTES")], [1], 'value 0: "1"; its own example says 1'),
        ([output([1.5], name="a")], {"b": [1.5]}, "the answer has no output 'b'; it has 'a'"),
        ([], [0.5], "the answer has no outputs"),
        ([output(['{"k": 2}'], "BYTES", content_type="pd_json")], {"output-0": [{"k": 1}]}, 'says [{"k": 1}]'),
    ],
)
def test_the_first_difference_is_told(outputs: list[Any], right: Any, told: str) -> None:
    assert told in str(difference({"outputs": outputs}, right))
