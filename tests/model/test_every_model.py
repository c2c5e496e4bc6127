"""Whatever MLflow serves, the image serves: `/infer` says what `/invocations` of the same model says."""

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pytest
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, DataType, Schema, TensorSpec
from mlflow.types.llm import ChatChoice, ChatCompletionResponse, ChatMessage
from mlflow.types.schema import Array as ArrayType
from mlflow.types.schema import Object, Property
from runtime.model import Model
from runtime.outputs import Outputs
from runtime.problem import Problem

from tests.model.cases import ONLY_V2, RETURNS, Case, Returning, described, signatures, tensor

pytestmark = [pytest.mark.model, pytest.mark.filterwarnings("ignore")]


def saved(tmp_path: Path, function: Callable[..., Any], signature: ModelSignature | None) -> Model:
    folder = tmp_path / "model"
    model = Returning(function)
    mlflow.pyfunc.save_model(str(folder), python_model=model, signature=signature, pip_requirements=["mlflow"])
    return Model(folder)


def infer(model: Model, *inputs: Mapping[str, Any], **request: Any) -> list[dict[str, Any]]:
    """As the request comes from a server, and the answer as it goes to the client: through JSON."""
    outputs = model.infer(json.loads(json.dumps({"inputs": inputs, **request})))
    return list(json.loads(json.dumps(outputs)))


def invocations(model: Model, body: Mapping[str, Any]) -> Any:
    status, text, _ = model.invocations(json.dumps(body).encode(), "application/json")
    assert status == 200, text
    return json.loads(text)["predictions"]


def values(output: Mapping[str, Any]) -> Any:
    """An output's data in its shape; a vector's, which is sent as a column, without that."""
    data: list[Any] = output["data"]
    if output.get("parameters", {}).get("content_type") == "pd_json":
        return [json.loads(each) for each in data]
    shape = output["shape"][:-1] if len(output["shape"]) == 2 and output["shape"][1] == 1 else output["shape"]
    boxed = np.empty(len(data), dtype=object)
    boxed[:] = data
    return boxed.reshape(shape).tolist()


def answered(outputs: Sequence[Mapping[str, Any]]) -> list[Any]:
    return sorted(json.dumps(plain(values(output))) for output in outputs)


def plain(value: Any) -> Any:
    """Without the differences that JSON has no word for: NaN is null, and 1.0 is 1."""
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [plain(each) for each in value]
    if isinstance(value, float):
        return None if math.isnan(value) else int(value) if value.is_integer() else value
    return value


def expected(predictions: Any) -> list[Any]:
    """What V2 has for MLflow's predictions: a record's fields are columns, anything else is one output."""
    predictions = plain(predictions)
    if isinstance(predictions, dict):
        columns = [each if isinstance(each, list) else [each] for each in predictions.values()]
    elif isinstance(predictions, list) and predictions and all(isinstance(each, dict) for each in predictions):
        alike = all(each.keys() == predictions[0].keys() for each in predictions)
        columns = [[row[key] for row in predictions] for key in predictions[0]] if alike else [predictions]
    else:
        columns = [predictions if isinstance(predictions, list) else [predictions]]
    return sorted(json.dumps(column) for column in columns)


@pytest.mark.parametrize("case", list(signatures()), ids=lambda case: case.name)
def test_every_signature_is_answered_as_mlflow_answers(case: Case, tmp_path: Path) -> None:
    model = saved(tmp_path, case.function, case.signature)
    outputs = infer(model, *case.v2, parameters=case.parameters)
    assert answered(outputs) == expected(invocations(model, case.body))


@pytest.mark.parametrize("case", list(signatures()), ids=lambda case: case.name)
def test_every_signature_has_its_metadata(case: Case, tmp_path: Path) -> None:
    described_as = saved(tmp_path, case.function, case.signature).metadata()
    schema = case.signature.inputs if case.signature else None
    assert len(described_as["inputs"]) == (len(schema.inputs) if schema else 0)
    for each in [*described_as["inputs"], *described_as["outputs"]]:
        assert isinstance(each["name"], str)
        assert all(isinstance(size, int) for size in each["shape"])


@pytest.mark.parametrize("kind", RETURNS)
def test_everything_that_a_model_returns_is_answered_as_mlflow_answers(kind: str) -> None:
    from io import StringIO

    from mlflow.pyfunc.scoring_server import predictions_to_json

    text = StringIO()
    predictions_to_json(RETURNS[kind](None), text)  # type: ignore[no-untyped-call]
    outputs = json.loads(json.dumps(Outputs(None).encode(RETURNS[kind](None))))
    told = json.loads(text.getvalue())["predictions"]
    if kind.startswith("frame") or kind.startswith("Series"):
        told = {name: [row[name] for row in told] for name in (told[0] if told else {"a": []})}
    assert answered(outputs) == expected(told)


@pytest.mark.parametrize("kind", ONLY_V2)
def test_what_mlflow_has_no_answer_for_has_one_in_v2(kind: str) -> None:
    made, right = ONLY_V2[kind]
    outputs = Outputs(None).encode(made(None))
    assert [each for output in outputs for each in output["data"]] == right
    names = [output["name"] for output in outputs]
    assert len(set(names)) == len(names)
    for output in outputs:
        assert len(output["data"]) == np.prod(output["shape"])


@pytest.mark.parametrize(
    "returned", [object(), int, len, ValueError("no"), [object()], {"a": {"b": object()}}], ids=repr
)
def test_what_is_no_value_is_a_failure_and_no_place_in_memory(returned: Any) -> None:
    with pytest.raises(TypeError, match="is no value"):
        Outputs(None).encode(returned)


def test_outputs_are_called_as_the_signature_calls_them() -> None:
    named = Outputs(Schema([TensorSpec(np.dtype("float64"), (-1,), "price")]))
    assert named.encode(np.array([1.5]))[0]["name"] == "price"
    unnamed = Outputs(Schema([TensorSpec(np.dtype("float64"), (-1,))]))
    assert unnamed.encode(np.array([1.5]))[0]["name"] == "output-0"


DOUBLE = ModelSignature(inputs=Schema([ColSpec(DataType.double, "x")]))
LONG = ModelSignature(inputs=Schema([ColSpec(DataType.long, "x")]))
TEXT = ModelSignature(inputs=Schema([ColSpec(DataType.string, "x")]))
BINARY = ModelSignature(inputs=Schema([ColSpec(DataType.binary, "x")]))
WHEN = ModelSignature(inputs=Schema([ColSpec(DataType.datetime, "x")]))
LISTS = ModelSignature(inputs=Schema([ColSpec(ArrayType(DataType.long), "x")]))
COMPLEX = ModelSignature(inputs=Schema([TensorSpec(np.dtype("complex128"), (-1,))]))
BYTE = ModelSignature(inputs=Schema([TensorSpec(np.dtype("uint8"), (-1,))]))
PLANE = ModelSignature(inputs=Schema([TensorSpec(np.dtype("float64"), (-1, 2))]))
TWO = ModelSignature(inputs=Schema([TensorSpec(np.dtype("float64"), (-1,), name) for name in ("a", "b")]))


@pytest.mark.parametrize(
    ("signature", "given", "reason"),
    [
        (DOUBLE, [tensor("y", "FP64", [1], [1.5])], "lacks the input 'x'; it has 'y', which the model does not know"),
        (DOUBLE, [], "lacks the input 'x'"),
        (DOUBLE, [tensor("x", "FP64", [1], ["1.5"])], "Input 'x', value 0: \"1.5\" is no FP64"),
        (DOUBLE, [tensor("x", "BYTES", [1], ["a"])], "Input 'x' is BYTES, such as \"a\", and the model takes x, FP64"),
        (DOUBLE, [tensor("x", "FP64", [2, 2], [1, 2, 3, 4])], "a column's is [rows] or [rows, 1]"),
        (DOUBLE, [tensor("x", "FP64", [3], [1, 2])], "shape [3] is 3 values, and its data has 2"),
        (DOUBLE, [tensor("x", "FP64", [-1], [1])], "shape [-1] has a negative size"),
        (DOUBLE, [tensor("x", "FP64", [1], [1]), tensor("x", "FP64", [1], [1])], "more than one input of one name"),
        (DOUBLE, [tensor("x", "FP64", [1], [{}])], "Input 'x', value 0: {} is no FP64"),
        (DOUBLE, [tensor("x", "INT64", [1], [2**53 + 3])], "Can not safely convert int64 to float64"),
        (LONG, [tensor("x", "INT64", [2], [1, None])], "Input 'x', value 1: null is no INT64"),
        (LONG, [tensor("x", "INT64", [1], [1.5])], "Input 'x', value 0: 1.5 is no INT64: it takes a whole number from"),
        (LONG, [tensor("x", "INT64", [1], [2**70])], "is no INT64"),
        (LONG, [tensor("x", "FP64", [1], [1.5])], "Can not safely convert float64 to int64"),
        (TEXT, [tensor("x", "BYTES", [1], [5])], "Input 'x', value 0: 5 is no text"),
        (TEXT, [tensor("x", "INT64", [1], [5])], "Input 'x' is INT64, such as 5, and the model takes x, BYTES (text)"),
        (BINARY, [tensor("x", "BYTES", [1], ["é!"])], "is no base64"),
        (BINARY, [tensor("x", "BYTES", [1], [None])], "Input 'x', value 0: null is no base64"),
        (WHEN, [tensor("x", "BYTES", [1], [None])], "Input 'x', value 0: null is no datetime; write it as ISO 8601"),
        (WHEN, [tensor("x", "BYTES", [1], [5])], "Input 'x', value 0: 5 is no datetime"),
        (WHEN, [tensor("x", "BYTES", [1], ["soon"])], "Input 'x', value 0: \"soon\" is no datetime"),
        (WHEN, [tensor("x", "BYTES", [1], ["2026-13-01"])], "is no datetime that pandas can hold"),
        (WHEN, [tensor("x", "BYTES", [1], ["2026-11-26T17:30:00Z"])], "has a time zone, and the model takes datetimes"),
        (WHEN, [tensor("x", "FP64", [1], [1.5])], "the model takes x, BYTES (datetime, ISO 8601)"),
        (LISTS, [tensor("x", "BYTES", [1], ["[1"])], "Input 'x', value 0: \"[1\" is no JSON"),
        (LISTS, [tensor("x", "BYTES", [1], ['{"a": 1}'])], "Expected data to be list"),
        (COMPLEX, [tensor("a", "BYTES", [1], ["one"])], '"one" is no text of a complex number, such as 1+2j'),
        (BYTE, [tensor("a", "UINT8", [1], [300])], "300 is no UINT8: it takes a whole number from 0 to 255"),
        (BYTE, [tensor("a", "UINT8", [1], [-1])], "-1 is no UINT8"),
        (BYTE, [tensor("a", "INT64", [1], [1])], "dtype of input int64 does not match expected dtype uint8"),
        (BYTE, [], "The model takes one input; the request has 0"),
        (
            PLANE,
            [tensor("a", "FP64", [1, 3], [1, 2, 3])],
            "Shape of input (1, 3) does not match expected shape (-1, 2)",
        ),
        (PLANE, [tensor("a", "FP99", [1, 2], [1, 2])], "there is no datatype 'FP99'"),
        (TWO, [tensor("a", "FP64", [1], [1.5])], "lacks the input 'b'"),
    ],
)
def test_a_bad_request_is_told_what_is_wrong_where(
    signature: ModelSignature, given: list[Any], reason: str, tmp_path: Path
) -> None:
    model = saved(tmp_path, described, signature)
    with pytest.raises(Problem) as caught:
        infer(model, *given)
    assert caught.value.status == 400
    assert reason in caught.value.message


@pytest.mark.parametrize(
    ("spec", "given", "taken"),
    [
        (TensorSpec(np.dtype("complex128"), (-1,)), "1+2j", "c [(1+2j)]"),
        (TensorSpec(np.dtype("timedelta64[ns]"), (-1,)), "1s", "m [1000000000]"),
        (ColSpec(ArrayType(DataType.float), "x"), "[1, 2.5]", "x [[1.0, 2.5]]"),
        (ColSpec(ArrayType(DataType.integer), "x"), "[1]", "x [[1]]"),
        (ColSpec(Object([Property("d", DataType.datetime)]), "x"), '{"d": "2026-01-01"}', "Timestamp('2026-01-01"),
    ],
    ids=lambda each: str(each)[:20],
)
def test_what_json_has_no_word_for_is_taken_all_the_same(spec: Any, given: str, taken: str, tmp_path: Path) -> None:
    model = saved(tmp_path, described, ModelSignature(inputs=Schema([spec])))
    [said] = infer(model, tensor("x", "BYTES", [1], [given]))[0]["data"]
    assert taken in said


@pytest.mark.parametrize("rows", [0, 1])
@pytest.mark.parametrize("signature", [DOUBLE, LONG, TEXT, WHEN, BINARY, LISTS], ids=lambda each: str(each.inputs))
def test_no_row_and_one_row_are_rows_too(signature: ModelSignature, rows: int, tmp_path: Path) -> None:
    model = saved(tmp_path, lambda data: [len(data)], signature)
    [spec] = model.inputs.tensors
    one = {"FP64": 1.5, "INT64": 1}.get(spec.datatype) or {
        "str": "a", "datetime": "2026-11-26", "base64": "YWJj", "pd_json": "[1]",
    }[spec.content_type]  # fmt: skip
    [output] = infer(model, tensor("x", spec.datatype, [rows, 1], [one] * rows))
    assert output["data"] == [rows]


@pytest.mark.parametrize("error", [RuntimeError, ConnectionError, ValueError, KeyError], ids=lambda each: each.__name__)
def test_a_model_s_own_failure_is_the_server_s_and_its_words_are_in_the_log(
    error: type[Exception], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: Any) -> None:
        raise error("the feature store is down")

    model = saved(tmp_path, fail, DOUBLE)
    with pytest.raises(Problem) as caught:
        infer(model, tensor("x", "FP64", [1], [1.5]), parameters={"headers": {"authorization": "s3cret"}})
    assert caught.value.status == 500
    assert error.__name__ in caught.value.message
    assert "the feature store is down" in caplog.text
    assert "s3cret" not in caplog.text + caught.value.message


def test_a_model_without_a_signature_says_how_a_request_may_say_what_it_is(tmp_path: Path) -> None:
    model = saved(tmp_path, lambda data: data["missing"], None)
    with pytest.raises(Problem) as caught:
        infer(model, tensor("x", "FP64", [1], [1.5]), parameters={"headers": {"authorization": "s3cret"}})
    assert caught.value.status == 400
    assert '"content_type": "pd"' in caught.value.message
    assert "s3cret" not in caught.value.message


def test_a_request_may_name_the_outputs_that_it_wants(tmp_path: Path) -> None:
    model = saved(tmp_path, lambda _: {"a": [1], "b": [2]}, DOUBLE)
    given = tensor("x", "FP64", [1], [1.5])
    assert [each["name"] for each in infer(model, given, outputs=[{"name": "b"}])] == ["b"]
    with pytest.raises(Problem, match="no output 'c'; it has 'a', 'b'"):
        infer(model, given, outputs=[{"name": "c"}])


class Streaming(mlflow.pyfunc.PythonModel):  # type: ignore[misc,name-defined]
    def predict_stream(self, context: Any, model_input: Any, params: Any = None) -> Iterator[str]:  # noqa: ARG002
        yield from ("a", "b")


class Chatting(mlflow.pyfunc.ChatModel):  # type: ignore[misc,name-defined]
    def predict(self, context: Any, messages: Any, params: Any) -> ChatCompletionResponse:  # noqa: ARG002
        said = ChatMessage(role="assistant", content=f"hello {messages[-1].content}")
        return ChatCompletionResponse(choices=[ChatChoice(message=said)], model="m")

    def predict_stream(self, context: Any, messages: Any, params: Any) -> Any:
        raise NotImplementedError


def test_a_model_that_can_do_nothing_but_stream_does_not_load(tmp_path: Path) -> None:
    mlflow.pyfunc.save_model(str(tmp_path / "model"), python_model=Streaming(), pip_requirements=["mlflow"])
    with pytest.raises(TypeError, match="Streaming has no predict, which every request asks"):
        Model(tmp_path / "model")


def test_a_chat_model_answers_whole_whether_it_is_asked_to_stream_or_not(tmp_path: Path) -> None:
    mlflow.pyfunc.save_model(str(tmp_path / "model"), python_model=Chatting(), pip_requirements=["mlflow"])
    model, asked = Model(tmp_path / "model"), [{"role": "user", "content": "you"}]
    for stream in ([], [tensor("stream", "BOOL", [1], [True])]):
        outputs = infer(model, tensor("messages", "BYTES", [1], [json.dumps(asked)]), *stream)
        [choice] = [json.loads(each["data"][0]) for each in outputs if each["name"] == "choices"]
        assert choice["message"]["content"] == "hello you"
    status, text, _ = model.invocations(json.dumps({"messages": asked, "stream": True}).encode(), "application/json")
    assert (status, json.loads(text)["choices"]) == (200, [choice])


class TakesTexts(mlflow.pyfunc.PythonModel):  # type: ignore[misc,name-defined]
    def predict(self, model_input: list[str]) -> list[str]:
        return [text.upper() for text in model_input]


class TakesDicts(mlflow.pyfunc.PythonModel):  # type: ignore[misc,name-defined]
    def predict(self, model_input: list[dict[str, int]]) -> list[int]:
        return [sum(each.values()) for each in model_input]


@pytest.mark.parametrize("parameters", [{}, {"content_type": "pd_json"}])
def test_type_hints_are_signatures_too(parameters: dict[str, Any], tmp_path: Path) -> None:
    mlflow.pyfunc.save_model(str(tmp_path / "texts"), python_model=TakesTexts(), pip_requirements=["mlflow"])
    texts = Model(tmp_path / "texts")
    assert infer(texts, tensor("a", "BYTES", [2], ["x", "y"]))[0]["data"] == ["X", "Y"]
    mlflow.pyfunc.save_model(str(tmp_path / "dicts"), python_model=TakesDicts(), pip_requirements=["mlflow"])
    dicts = Model(tmp_path / "dicts")
    given = tensor("a", "BYTES", [2], ['{"x": 1, "y": 2}', '{"z": 3}'], **parameters)
    assert infer(dicts, given)[0]["data"] == [3, 3]
    with pytest.raises(Problem) as caught:
        infer(dicts, tensor("a", "BYTES", [1], ['{"x": "one"}'], **parameters))
    assert caught.value.status == 400
