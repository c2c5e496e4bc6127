"""Values whose type JSON has no word for, as the signature's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from mlflow.types import schema as schema_types
from mlflow.types.schema import DataType

from runtime.problem import Problem
from runtime.values import Array, shown

# MLflow has them from 2.10 and 2.19.
_ARRAY, _OBJECT, _MAP = (getattr(schema_types, name, ()) for name in ("Array", "Object", "Map"))


def of_type(value: Any, type_: Any) -> Any:
    """A value of JSON for a column of Array, Object or Map; MLflow itself tells where it does not fit."""
    if isinstance(type_, _ARRAY) and isinstance(value, list):
        return [of_type(each, type_.dtype) for each in value]
    if isinstance(type_, _OBJECT) and isinstance(value, dict):
        types = {each.name: each.dtype for each in type_.properties}
        return {name: of_type(each, types.get(name)) for name, each in value.items()}
    if isinstance(type_, _MAP) and isinstance(value, dict):
        return {name: of_type(each, type_.value_type) for name, each in value.items()}
    if type_ == DataType.float and isinstance(value, (int, float)) and not isinstance(value, bool):
        return np.float32(value)
    if type_ == DataType.double and type(value) is int:
        return float(value)
    if type_ == DataType.integer and type(value) is int and -(2**31) <= value < 2**31:
        return np.int32(value)
    if type_ == DataType.datetime and isinstance(value, str):
        try:
            return pd.Timestamp(value).to_datetime64()
        except ValueError:
            return value
    return value


def as_dtype(name: str, values: Array, dtype: np.dtype[Any]) -> Array:
    """The values of a BYTES tensor in a numpy type that V2 has no datatype for."""
    if dtype.kind == "M":
        unit = dtype if np.datetime_data(dtype)[0] != "generic" else np.dtype("datetime64[ns]")
        return np.array([each.to_datetime64() for each in values.ravel()], unit).reshape(values.shape)
    if dtype.kind in "US":
        return np.array(values.tolist(), dtype.kind).reshape(values.shape)
    if dtype.kind in "cm":
        read, form = (complex, "a complex number, such as 1+2j") if dtype.kind == "c" else (_timedelta, "a duration")
        return np.array([_read(read, form, name, *each) for each in enumerate(values.ravel())], dtype).reshape(
            values.shape
        )
    return values


def _timedelta(text: str) -> np.timedelta64:
    return np.timedelta64(pd.Timedelta(text).value, "ns")


def _read(read: Any, form: str, name: str, place: int, text: Any) -> Any:
    try:
        return read(text)
    except (TypeError, ValueError):
        raise Problem(f"Input {name!r}, value {place}: {shown(text)} is no text of {form}") from None
