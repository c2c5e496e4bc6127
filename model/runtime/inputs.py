"""From a V2 request to what `PyFuncModel.predict` takes: a DataFrame, an array, a dict of arrays, or a list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from mlflow.models import ModelSignature
from mlflow.types import schema as schema_types
from mlflow.types.schema import DataType, Schema

from runtime.place import DATETIME, JSON
from runtime.problem import Problem
from runtime.signature import NUMPY_TYPES, Tensor, tensors
from runtime.typed import as_dtype, of_type
from runtime.values import Array, TensorValues, array, json_rows, meant, shown, unknown_datatype

# MLflow has it from 2.19.
_ANY = getattr(schema_types, "AnyType", ())
# What a client may say of a request as a whole, and Slipway does not hand to the model as a parameter.
_RESERVED = {"content_type", "headers", "binary_data_output"}
HINT = (
    "The model has no signature, so nothing says what it takes: a request with the parameter "
    '"content_type": "pd" is handed on as a DataFrame, with "np" as an array'
)


class Inputs:
    """What one model takes, by its signature."""

    def __init__(self, signature: ModelSignature | None, *, as_list: bool = False) -> None:
        """`as_list`: the model's own type hint asks for a list of rows."""
        self.schema: Schema | None = signature.inputs if signature else None
        # MLflow has them from 2.6.
        params = getattr(signature, "params", None)
        self.params = {param.name for param in params} if params else set()
        self.tensors = tensors(self.schema, "input-")
        self.has_signature = signature is not None
        self._as_list = as_list

    def __str__(self) -> str:
        """For error messages; "" where nothing is known."""
        return "; ".join(map(str, self.tensors))

    def parameters(self, request: dict[str, Any]) -> dict[str, Any] | None:
        """The model's own among the request's parameters."""
        given = request.get("parameters") or {}
        named = {name: value for name, value in given.items() if name not in _RESERVED and name in self.params}
        return named or None

    def decode(self, request: dict[str, Any]) -> Any:
        """The model's input. Raises Problem, which names the tensor and the value."""
        given: list[TensorValues] = list(request.get("inputs") or [])
        names = [tensor["name"] for tensor in given]
        if len(set(names)) < len(names):
            raise Problem(f"The request has more than one input of one name: {', '.join(map(repr, names))}")
        if self.schema is None:
            return self._without_schema(request, given)
        if self.schema.is_tensor_spec():
            return self._tensors(given)
        frame = self._frame(given)
        return frame.iloc[:, 0].tolist() if self._as_list else frame

    def _without_schema(self, request: dict[str, Any], given: list[TensorValues]) -> Any:
        """As the request's `content_type` says; without one, a single tensor is an array and more are a DataFrame."""
        kind = (request.get("parameters") or {}).get("content_type")
        decoded = {tensor["name"]: _as_it_says(tensor) for tensor in given}
        if kind == "dict":
            return decoded
        if kind == "np" or (kind is None and len(decoded) == 1):
            if len(decoded) != 1:
                raise Problem(f'content_type "np" is for one input; the request has {len(decoded)}')
            [values] = decoded.values()
            return values
        return _joined({name: _column(values) for name, values in decoded.items()})

    def _tensors(self, given: list[TensorValues]) -> Any:
        assert self.schema is not None
        dtypes: list[Any] = [spec.type for spec in self.schema.inputs]
        if not self.schema.has_input_names():
            if len(given) != 1:
                raise Problem(f"The model takes one input; the request has {len(given)}")
            return _tensor(given[0], self.tensors[0], dtypes[0])
        by_name = self._named(given)
        return {
            spec.name: _tensor(by_name[tensor.name], tensor, dtype)
            for spec, tensor, dtype in zip(self.schema.inputs, self.tensors, dtypes)
        }

    def _frame(self, given: list[TensorValues]) -> pd.DataFrame:
        assert self.schema is not None
        specs = list(zip(self.schema.inputs, self.tensors))
        if self.schema.has_input_names():
            by_name = self._named(given)
            columns: dict[Any, Any] = {
                spec.name: _typed_column(by_name[tensor.name], tensor, spec.type)
                for spec, tensor in specs
                if tensor.name in by_name
            }
        else:
            if len(given) < len(specs):
                raise Problem(f"The model takes {len(specs)} inputs; the request has {len(given)}")
            columns = {
                place: _typed_column(each, tensor, spec.type)
                for place, (each, (spec, tensor)) in enumerate(zip(given, specs))
            }
        return _joined(columns)

    def _named(self, given: list[TensorValues]) -> dict[str, TensorValues]:
        """The inputs by name; what the model does not know is left out, as MLflow does."""
        by_name = {tensor["name"]: tensor for tensor in given}
        missing = [tensor.name for tensor in self.tensors if not tensor.optional and tensor.name not in by_name]
        if missing:
            known = {tensor.name for tensor in self.tensors}
            unknown = [name for name in by_name if name not in known]
            also = f"; it has {', '.join(map(repr, unknown))}, which the model does not know" if unknown else ""
            raise Problem(
                f"The request lacks the input{'s' * (len(missing) > 1)} {', '.join(map(repr, missing))}{also}"
            )
        return by_name


def _tensor(given: TensorValues, expected: Tensor, dtype: np.dtype[Any]) -> Array:
    """As the model's signature wants it; MLflow itself compares shapes and numeric types."""
    name = given["name"]
    if expected.datatype != "BYTES":
        if given["datatype"] == "BYTES":
            raise _wrong_type(given, expected)
        return array(given)
    if given["datatype"] != "BYTES":
        if dtype.kind == "O":
            return array(given).astype(object)
        raise _wrong_type(given, expected)
    return as_dtype(name, meant(name, array(given), expected.content_type, optional=dtype.kind == "O"), dtype)


def _typed_column(given: TensorValues, expected: Tensor, type_: Any) -> Any:
    """The rows of a DataFrame's column."""
    name, content_type = given["name"], expected.content_type
    if content_type == JSON:
        said = (given.get("parameters") or {}).get("content_type")
        if isinstance(type_, _ANY) and said != JSON and given["datatype"] == "BYTES":
            return [_any(value) for value in _rows(name, array(given))]
        return _objects_series([of_type(row, type_) for row in json_rows(given)])
    if (given["datatype"] == "BYTES") != (expected.datatype == "BYTES"):
        raise _wrong_type(given, expected)
    if expected.datatype == "BYTES":
        rows = _rows(name, meant(name, array(given), content_type, optional=expected.optional))
        if content_type == DATETIME:
            return pd.Series(pd.to_datetime(list(rows)), dtype="datetime64[ns]")
        return pd.Series(list(rows), dtype=None if len(rows) else object)
    return _numeric_column(given, expected, type_)


def _numeric_column(given: TensorValues, expected: Tensor, type_: Any) -> Any:
    name, data = given["name"], given["data"]
    if isinstance(data, list) and expected.optional and given["datatype"] not in ("FP16", "FP32", "FP64"):
        flat = [each[0] if isinstance(each, list) and len(each) == 1 else each for each in data]
        if None in flat:
            # There is no null in numpy's whole numbers: MLflow takes such a column as floats, or as objects.
            values = array({**given, "datatype": "FP64"})
            return _rows(name, values) if type_ != DataType.boolean else pd.Series(flat, dtype=object)
    values = _rows(name, array(given))
    if type_ == DataType.double and values.dtype.kind in "iu":
        exact = values.astype(float)
        if (np.abs(exact) <= 2**53).all():
            return exact
    return values


def _rows(name: str, values: Array) -> Array:
    if values.ndim == 2 and values.shape[1] == 1:
        return values[:, 0]
    if values.ndim == 1:
        return values
    raise Problem(f"Input {name!r} has shape {list(values.shape)}; a column's is [rows] or [rows, 1]")


def _any(value: Any) -> Any:
    """A value of any type: what its text says as JSON, or the text itself."""
    try:
        return meant("", np.array([value], dtype=object), JSON)[0]
    except Problem:
        return value.decode(errors="replace") if isinstance(value, bytes) else value


def _as_it_says(tensor: TensorValues) -> Array:
    """A tensor by its own content type alone."""
    values = array(tensor)
    if tensor["datatype"] != "BYTES":
        return values
    said = str((tensor.get("parameters") or {}).get("content_type") or "")
    return meant(tensor["name"], values, said, optional=True)


def _column(values: Array) -> Any:
    if values.ndim > 1 and values.shape[1:] != (1,):
        return pd.Series([row.tolist() for row in values], dtype=object)
    column = values.ravel()
    return pd.Series(column.tolist()) if column.dtype.kind == "O" and len(column) else column


def _objects_series(rows: Sequence[Any]) -> Any:
    return pd.Series(list(rows), dtype=object)


def _joined(columns: dict[Any, Any]) -> pd.DataFrame:
    lengths = {name: len(column) for name, column in columns.items()}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{name!r} {length}" for name, length in lengths.items())
        raise Problem(f"The inputs have different numbers of rows: {told}")
    return pd.DataFrame(columns)


def _wrong_type(given: TensorValues, expected: Tensor) -> Problem:
    data = given["data"]
    first = data[0] if isinstance(data, list) and data else data
    value = f", such as {shown(first)}," if not isinstance(first, bytes) else ""
    if given["datatype"] not in (*NUMPY_TYPES, "BYTES"):
        return unknown_datatype(given)
    return Problem(f"Input {given['name']!r} is {given['datatype']}{value} and the model takes {expected}")
