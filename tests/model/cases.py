"""Models that people log: what they take, by kind of signature, and what they return, by kind of value.

A case holds two requests for one model: `v2` for `/infer`, and `body` for MLflow's own `/invocations`. Both are to get
the same answer.
"""

import datetime
import decimal
import enum
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pydantic
from mlflow.models import ModelSignature, infer_signature
from mlflow.types import ColSpec, DataType, ParamSchema, ParamSpec, Schema, TensorSpec
from mlflow.types.schema import AnyType, Array, Map, Object, Property
from scipy import sparse


def tensor(name: str, datatype: str, shape: Sequence[int], data: Any, **parameters: Any) -> dict[str, Any]:
    given = {"name": name, "datatype": datatype, "shape": list(shape), "data": data}
    return {**given, "parameters": parameters} if parameters else given


class Returning(mlflow.pyfunc.PythonModel):  # type: ignore[misc,name-defined]
    """Answers whatever the function makes of its input."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function

    def predict(self, context: Any, model_input: Any, params: Mapping[str, Any] | None = None) -> Any:  # noqa: ARG002
        return self.function(model_input, params) if params else self.function(model_input)


@dataclass(frozen=True, kw_only=True)
class Case:
    name: str
    signature: ModelSignature | None
    function: Callable[..., Any]
    v2: Sequence[Mapping[str, Any]]
    body: Mapping[str, Any]
    # Of the request as a whole.
    parameters: Mapping[str, Any] = field(default_factory=dict)


def described(data: Any) -> list[Any]:
    """What a model was given, as text: its types and its values."""
    if isinstance(data, pd.DataFrame):
        return [f"{name} {list(column)}" for name, column in data.items()]
    if isinstance(data, dict):
        return [f"{name} {value.dtype} {value.tolist()}" for name, value in data.items()]
    return [f"{data.dtype.kind} {data.tolist()}" if isinstance(data, np.ndarray) else repr(data)]


def _column(name: Any, type_: Any, *, required: bool = True) -> ColSpec:
    return ColSpec(type_, name, required=required)


def _inputs(*specs: Any) -> ModelSignature:
    return ModelSignature(inputs=Schema(list(specs)))


def _split(columns: Sequence[Any] | None, *rows: Sequence[Any]) -> dict[str, Any]:
    return {"dataframe_split": {**({"columns": columns} if columns is not None else {}), "data": rows}}


_TEXT = ["a", "ü"]
_COLUMNS: dict[str, tuple[Any, str, list[Any], dict[str, Any]]] = {
    "boolean": (DataType.boolean, "BOOL", [True, False], {}),
    "integer": (DataType.integer, "INT32", [1, -2], {}),
    "long": (DataType.long, "INT64", [2**40, -2], {}),
    "float": (DataType.float, "FP32", [1.5, -2.25], {}),
    "double": (DataType.double, "FP64", [1.1, None], {}),
    "string": (DataType.string, "BYTES", _TEXT, {}),
    "string-with-null": (DataType.string, "BYTES", ["a", None], {}),
    "binary": (DataType.binary, "BYTES", ["YWJj", "ZGVm"], {"content_type": "base64"}),
    "datetime": (DataType.datetime, "BYTES", ["2026-11-26T17:30:00", "2026-11-27T00:00:00"], {}),
    "array": (Array(DataType.double), "BYTES", ["[1.5, 2.5]", "[3.5]"], {"content_type": "pd_json"}),
    "array-of-strings": (Array(DataType.string), "BYTES", ['["a"]', '["b", "c"]'], {}),
    "object": (Object([Property("a", DataType.long)]), "BYTES", ['{"a": 1}', '{"a": 2}'], {"content_type": "pd_json"}),
    "map": (Map(DataType.long), "BYTES", ['{"a": 1}', '{"b": 2}'], {"content_type": "pd_json"}),
    "any": (AnyType(), "BYTES", ['{"a": [1]}', "[2]"], {"content_type": "pd_json"}),  # type: ignore[no-untyped-call]
}


def _plain(type_: Any, datatype: str, values: list[Any]) -> list[Any]:
    """What `/invocations` is given for what V2 has as texts of JSON."""
    import json

    return values if isinstance(type_, DataType) or datatype != "BYTES" else [json.loads(value) for value in values]


_TENSORS: dict[str, tuple[Any, str, list[Any]]] = {
    **{f"float{bits}": (np.dtype(f"float{bits}"), f"FP{bits}", [1.5, -2.0]) for bits in (16, 32, 64)},
    **{f"int{bits}": (np.dtype(f"int{bits}"), f"INT{bits}", [1, -2]) for bits in (8, 16, 32, 64)},
    **{f"uint{bits}": (np.dtype(f"uint{bits}"), f"UINT{bits}", [1, 255]) for bits in (8, 16, 32, 64)},
    "bool": (np.dtype(bool), "BOOL", [True, False]),
    "str": (np.dtype(str), "BYTES", _TEXT),
    "object": (np.dtype(object), "BYTES", _TEXT),
    "datetime64": (np.dtype("datetime64[ns]"), "BYTES", ["2026-11-26T17:30:00", "2026-11-27T00:00:00"]),
}


def signatures() -> Iterator[Case]:
    """What a model may take."""
    for kind, (type_, datatype, values, parameters) in _COLUMNS.items():
        plain = _plain(type_, datatype, values)
        for form, name in (("column", "x"), ("column-with-a-number-for-a-name", 7)):
            yield Case(
                name=f"{form}-{kind}",
                signature=_inputs(_column(name, type_)),
                function=described,
                v2=[tensor(str(name), datatype, [2, 1], values, **parameters)],
                body=_split([name], *[[value] for value in plain]),
            )
        yield Case(
            name=f"unnamed-column-{kind}",
            signature=_inputs(_column(None, type_)),
            function=lambda data: [str(data.iloc[:, 0].tolist())],
            v2=[tensor("whatever", datatype, [2], values, **parameters)],
            body=_split(None, *[[value] for value in plain]),
        )
    for kind, (dtype, datatype, values) in _TENSORS.items():
        nested = [[value] for value in values]
        yield Case(
            name=f"tensor-{kind}",
            signature=_inputs(TensorSpec(dtype, (-1, 1))),
            function=described,
            v2=[tensor("input-0", datatype, [2, 1], values)],
            body={"inputs": nested},
        )
        yield Case(
            name=f"named-tensors-{kind}",
            signature=_inputs(TensorSpec(dtype, (-1, 1), "a"), TensorSpec(np.dtype("float64"), (-1, 2), "b")),
            function=described,
            v2=[tensor("b", "FP64", [1, 2], [[1.5, 2.5]]), tensor("a", datatype, [2, 1], nested)],
            body={"inputs": {"a": nested, "b": [[1.5, 2.5]]}},
        )
    yield Case(
        name="optional-column-left-out",
        signature=_inputs(_column("a", DataType.double), _column("b", DataType.long, required=False)),
        function=described,
        v2=[tensor("a", "FP64", [1], [1.5])],
        body=_split(["a"], [1.5]),
    )
    yield Case(
        name="a-column-too-many",
        signature=_inputs(_column("a", DataType.double)),
        function=described,
        v2=[tensor("a", "FP64", [1], [1.5]), tensor("b", "FP64", [1], [2.5])],
        body=_split(["a", "b"], [1.5, 2.5]),
    )
    yield Case(
        name="whole-numbers-in-a-column-of-doubles",
        signature=_inputs(_column("a", DataType.double)),
        function=described,
        v2=[tensor("a", "INT64", [2], [1, 5])],
        body=_split(["a"], [1], [5]),
    )
    frame = pd.DataFrame(np.array([[1.5, 2.5]]))
    yield Case(
        name="a-frame-made-of-an-array",
        signature=infer_signature(frame, frame),
        function=lambda data: data,
        v2=[tensor("0", "FP64", [1, 1], [1.5]), tensor("1", "FP64", [1, 1], [2.5])],
        body=_split([0, 1], [1.5, 2.5]),
    )
    yield Case(
        name="no-outputs",
        signature=infer_signature(frame),
        function=described,
        v2=[tensor("0", "FP64", [1, 1], [1.5]), tensor("1", "FP64", [1, 1], [2.5])],
        body=_split([0, 1], [1.5, 2.5]),
    )
    yield Case(
        name="no-inputs",
        signature=ModelSignature(outputs=Schema([ColSpec(DataType.long)])),
        function=lambda data: [len(data)],
        v2=[tensor("a", "FP64", [2], [1.5, 2.5], content_type="np")],
        body={"inputs": [1.5, 2.5]},
    )
    params = ParamSchema(
        [
            ParamSpec("factor", DataType.double, 2.0),
            ParamSpec("unit", DataType.string, "m"),
            ParamSpec("flag", DataType.boolean, False),
            ParamSpec("count", DataType.long, 1),
            ParamSpec("when", DataType.datetime, np.datetime64("2026-01-01")),
            ParamSpec("many", DataType.double, [1.0], (-1,)),
        ]
    )
    given = {"factor": 3, "unit": "km", "flag": True, "count": 7, "when": "2026-11-26", "many": [1.5, 2.5], "else": 1}
    for form, signature in (
        ("params", ModelSignature(inputs=Schema([_column("a", DataType.double)]), params=params)),
        ("params-only", ModelSignature(params=params)),
    ):
        for which, asked in (("given", given), ("defaults", {})):
            yield Case(
                name=f"{form}-{which}",
                signature=signature,
                function=lambda data, params: [str(sorted(params.items())), str(np.asarray(data).ravel().tolist())],
                v2=[tensor("a", "FP64", [1], [1.5])],
                body={"params": asked, **({"inputs": [1.5]} if form == "params-only" else _split(["a"], [1.5]))},
                parameters=asked,
            )
    yield Case(
        name="no-signature-array",
        signature=None,
        function=lambda data: np.asarray(data) * 2,
        v2=[tensor("a", "FP64", [2, 2], [[1.5, 2.5], [3.5, 4.5]])],
        body={"inputs": [[1.5, 2.5], [3.5, 4.5]]},
    )
    yield Case(
        name="no-signature-frame",
        signature=None,
        function=lambda data: data[["a", "b"]],
        v2=[tensor("a", "FP64", [2], [1.5, 2.5]), tensor("b", "BYTES", [2], ["x", "y"])],
        body=_split(["a", "b"], [1.5, "x"], [2.5, "y"]),
    )
    yield Case(
        name="no-signature-frame-of-one-column",
        signature=None,
        function=lambda data: data["a"].tolist(),
        v2=[tensor("a", "FP64", [2], [1.5, 2.5])],
        body=_split(["a"], [1.5], [2.5]),
        parameters={"content_type": "pd"},
    )


class OfAnotherLibrary:
    """As JAX's arrays are."""

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return np.array([1.5, 2.5], dtype)


class FrameWithoutArrow:
    """As polars' frames are where pyarrow is missing."""

    def to_pandas(self) -> pd.DataFrame:
        raise ModuleNotFoundError("pyarrow")

    def to_dict(self, *, as_series: bool) -> dict[str, Any]:
        assert not as_series
        return {"a": [1, 2]}


class Colour(enum.Enum):
    RED = "red"


@dataclass
class Wine:
    colour: str
    price: decimal.Decimal


class Bottle(pydantic.BaseModel):
    size: float
    filled: datetime.date


# What a model may return, and what JSON it is; by default what `/invocations` makes of it.
RETURNS: Mapping[str, Callable[[Any], Any]] = {
    "list": lambda _: [1, 2],
    "list of floats with NaN": lambda _: [1.5, float("nan")],
    "list with None": lambda _: [1, None],
    "list of text": lambda _: ["a", None, "ü"],
    "list of bool": lambda _: [True, False],
    "list of lists": lambda _: [[1, 2], [3, 4]],
    "ragged list": lambda _: [[1], [2, 3]],
    "empty list": lambda _: [],
    "mixed list": lambda _: [1, "a", None],
    "list of dicts": lambda _: [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}],
    "list of unlike dicts": lambda _: [{"a": 1}, {"b": [2]}],
    "list of arrays": lambda _: [np.array([1, 2]), np.array([3, 4])],
    "list of numpy scalars": lambda _: [np.float32(1.5), np.float32(2.5)],
    "int": lambda _: 5,
    "float": lambda _: 0.5,
    "bool": lambda _: True,
    "text": lambda _: "hello",
    "None": lambda _: None,
    "numpy scalar": lambda _: np.float32(1.5),
    "array of no dimension": lambda _: np.array(7),
    "array": lambda _: np.array([1.5, 2.5]),
    "array of two dimensions": lambda _: np.array([[0.1, 0.9], [0.4, 0.6]]),
    "array of three dimensions": lambda _: np.zeros((2, 1, 3)),
    "array of text": lambda _: np.array(["a", "bb"]),
    "array of objects": lambda _: np.array(["a", 1, None], dtype=object),
    "array of float16": lambda _: np.array([1.5], np.float16),
    "Series": lambda _: pd.Series([1.5, 2.5], name="y"),
    "Series without a name": lambda _: pd.Series([1, 2]),
    "frame": lambda _: pd.DataFrame({"a": [1, 2], "b": ["x", "y"], "c": [1.5, None]}),
    "frame with numbers for names": lambda _: pd.DataFrame({0: [1, 2], 1: [3, 4]}),
    "frame with names of both kinds": lambda _: pd.DataFrame({0: [1], "b": [2]}),
    "frame of one column": lambda _: pd.DataFrame({"a": [1]}),
    "frame without rows": lambda _: pd.DataFrame({"a": []}),
    "frame with null text": lambda _: pd.DataFrame({"a": ["x", None]}),
    "frame of lists": lambda _: pd.DataFrame({"a": [[1, 2], [3]]}),
    "frame of dicts": lambda _: pd.DataFrame({"a": [{"k": 1}, {"k": 2}]}),
    "frame of Int64": lambda _: pd.DataFrame({"a": pd.array([1, 2], dtype="Int64")}),
    "frame of datetimes": lambda _: pd.DataFrame({"a": pd.to_datetime(["2026-11-26T17:30:00", "2026-11-27T00:00:00"])}),
    "frame of datetimes with a zone": lambda _: pd.DataFrame({"a": pd.to_datetime(["2026-11-26"]).tz_localize("UTC")}),
    "frame of categories": lambda _: pd.DataFrame({"a": pd.Categorical(["x", "y"])}),
    "frame of categories that are numbers": lambda _: pd.DataFrame({"a": pd.Categorical([1, 2])}),
    "dict of scalars": lambda _: {"a": 1, "b": "x", "c": None},
    "dict of lists": lambda _: {"a": [1, 2], "b": ["x", "y"]},
    "dict of arrays": lambda _: {"a": np.array([[1.5, 2.5]]), "b": np.array([1])},
    "nested dict": lambda _: {"a": {"b": [1, {"c": 2}]}},
    "tuple": lambda _: (1, 2),
    "tuple of unlike arrays": lambda _: (np.array([1, 2]), np.array([[0.5, 0.5], [0.1, 0.9]])),
    "dates": lambda _: [datetime.date(2026, 11, 26)],
    "large whole numbers": lambda _: [2**63 + 1, 2**53 + 1],
}
# Those that `/invocations` itself has no answer for: what they are in V2.
ONLY_V2: Mapping[str, tuple[Callable[[Any], Any], list[Any]]] = {
    "bytes": (lambda _: b"abc", ["YWJj"]),
    "sparse matrix": (lambda _: sparse.csr_matrix(np.eye(2)), [1.0, 0.0, 0.0, 1.0]),
    "generator": (lambda _: (each for each in range(3)), [0, 1, 2]),
    "set": (lambda _: {3}, [3]),
    "memoryview": (lambda _: memoryview(b"abc"), ["YWJj"]),
    "masked array": (lambda _: np.ma.array([1.5, 2.5], mask=[False, True]), [1.5, None]),
    "half of a surrogate pair": (lambda _: ["a\ud800"], ["a?"]),
    "Decimal": (lambda _: [decimal.Decimal("1.5")], [1.5]),
    "Int64 with a null": (lambda _: pd.DataFrame({"a": pd.array([1, None], dtype="Int64")}), [1.0, None]),
    "boolean with a null": (lambda _: pd.DataFrame({"a": pd.array([True, None], dtype="boolean")}), [True, None]),
    "category with a null": (lambda _: pd.DataFrame({"a": pd.Categorical(["x", None])}), ["x", None]),
    "datetime with a null": (
        lambda _: pd.DataFrame({"a": pd.to_datetime(["2026-11-26", None])}),
        ["2026-11-26T00:00:00", None],
    ),
    "timedelta": (lambda _: pd.DataFrame({"a": pd.to_timedelta(["1s", None])}), ["0 days 00:00:01", None]),
    "period": (lambda _: pd.DataFrame({"a": pd.period_range("2026-01", periods=2, freq="M")}), ["2026-01", "2026-02"]),
    "text of Arrow": (lambda _: pd.DataFrame({"a": pd.array(["x", None], dtype="string[pyarrow]")}), ["x", None]),
    "whole numbers of Arrow": (lambda _: pd.Series([1, 2], dtype="int64[pyarrow]"), [1, 2]),
    "sparse column": (lambda _: pd.DataFrame({"a": pd.arrays.SparseArray([0, 1])}), [0, 1]),
    "complex": (lambda _: np.array([1 + 2j]), ["(1+2j)"]),
    "infinity": (lambda _: [float("inf")], [float("inf")]),
    "beyond 64 bits": (lambda _: [2**70], [str(2**70)]),
    "a whole number beyond all floats": (lambda _: [10**400, 1.5], [str(10**400), "1.5"]),
    "numpy's own text": (lambda _: np.array(["a", None], dtype=np.dtypes.StringDType(na_object=None)), ["a", None]),
    "list of Series": (lambda _: [pd.Series([1, 2]), pd.Series([3, 4])], [1, 2, 3, 4]),
    "array of another library": (lambda _: OfAnotherLibrary(), [1.5, 2.5]),
    "frame of another library without pyarrow": (lambda _: FrameWithoutArrow(), [1, 2]),
    "dataclass": (lambda _: Wine("red", decimal.Decimal("1.5")), ["red", 1.5]),
    "list of dataclasses": (lambda _: [Wine("red", decimal.Decimal("1.5"))], ["red", 1.5]),
    "list of pydantic's": (lambda _: [Bottle(size=1.5, filled=datetime.date(2026, 1, 1))], [1.5, "2026-01-01"]),
    "nested Decimal": (lambda _: {"a": {"b": decimal.Decimal("1.5")}}, ['{"b": 1.5}']),
    "dict with enums": (lambda _: {Colour.RED: [Colour.RED]}, ["red"]),
    "times": (lambda _: [datetime.time(12, 30), None], ["12:30:00", None]),
    "complex numbers": (lambda _: [1 + 2j], ["(1+2j)"]),
    "UUIDs": (lambda _: [uuid.UUID(int=1)], ["00000000-0000-0000-0000-000000000001"]),
    "datetime64": (lambda _: np.array(["2026-11-26"], dtype="datetime64[D]"), ["2026-11-26T00:00:00"]),
    "frame with two columns of one name": (lambda _: pd.DataFrame([[1, 2]], columns=["a", "a"]), [1, 2]),
    "frame with two levels of names": (
        lambda _: pd.DataFrame([[1, 2]], columns=pd.MultiIndex.from_tuples([("a", "b"), ("a", "c")])),
        [1, 2],
    ),
}
