"""From what a pyfunc model returns, whatever it is, to V2 outputs that say the same as MLflow's own `/invocations`."""

from __future__ import annotations

import base64
import dataclasses
import datetime
import decimal
import enum
import json
import math
import uuid
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePath
from typing import Any

import numpy as np
import pandas as pd
from mlflow.types.schema import Schema

from runtime.place import BASE64, DATETIME, JSON, TEXT
from runtime.signature import DATATYPES, tensors
from runtime.values import Array

# The name of an output that neither its model nor the signature names.
UNNAMED = "output-0"
_EXACT = 2**53
_NOTHING_SAID: object = object.__str__
_LARGEST = int(np.finfo(float).max)
# What is said by its text, where V2 has no word for it.
_TEXTS = (datetime.time, datetime.timedelta, np.timedelta64, pd.Period, pd.Interval, complex, uuid.UUID, PurePath)


class Outputs:
    """What one model gives, by its signature as far as that says it."""

    def __init__(self, schema: Schema | None) -> None:
        self.tensors = tensors(schema, "output-")

    def encode(self, result: Any) -> list[dict[str, Any]]:
        """One output for each column, entry or, for anything else, for the whole; names are distinct."""
        result = _plain(result)
        if isinstance(result, pd.DataFrame):
            names = _distinct(_column_name(column) for column in result.columns)
            return [_series(name, result.iloc[:, place]) for place, name in enumerate(names)]
        if isinstance(result, pd.Series):
            return [_series(self._only_name(result.name), result)]
        if isinstance(result, Mapping):
            names = _distinct(map(_column_name, result))
            return [_tensor(name, value) for name, value in zip(names, result.values())]
        if self._is_json:
            rows = result if isinstance(result, list) else [result]
            return [_json(self._only_name(None), rows)]
        columns = _records(result)
        if columns is not None:
            return [_tensor(name, values) for name, values in columns.items()]
        return [_tensor(self._only_name(None), result)]

    @property
    def _is_json(self) -> bool:
        return len(self.tensors) == 1 and self.tensors[0].content_type == JSON

    def _only_name(self, own: Any) -> str:
        if len(self.tensors) == 1:
            return self.tensors[0].name
        return UNNAMED if own is None else _column_name(own)


def _plain(result: Any) -> Any:
    """Generators, sparse matrices, arrays and frames of other libraries as what pandas, numpy and Python have."""
    if isinstance(result, (np.ndarray, pd.DataFrame, pd.Series, Mapping, str, bytes, bytearray)) or result is None:
        return result
    for name in ("toarray", "numpy", "to_pandas", "toPandas"):
        convert = getattr(result, name, None)
        # A torch tensor that needs a gradient has to be detached first.
        if callable(convert) and not isinstance(result, (pd.Index, type)):
            if hasattr(result, "cpu"):
                return getattr(result, "detach", lambda: result)().cpu().numpy()
            try:
                return convert()
            except ImportError:
                # polars asks pyarrow for it.
                return result.to_dict(as_series=False) if hasattr(result, "to_dict") else result.to_list()
    if hasattr(result, "__array__") and not isinstance(result, (pd.api.extensions.ExtensionArray, pd.Index, type)):
        return np.asarray(result)
    if isinstance(result, memoryview):
        return result.tobytes()
    if isinstance(result, pd.Index):
        return result.to_series(index=range(len(result)), name=result.name)
    if _is_record(result):
        return _record(result)
    if isinstance(result, (list, tuple, set, frozenset)):
        return list(result)
    return list(result) if isinstance(result, (Iterator, range, Iterable)) and not np.isscalar(result) else result


def _is_record(value: Any) -> bool:
    """Pydantic's models and dataclasses."""
    return not isinstance(value, type) and (hasattr(value, "model_dump") or dataclasses.is_dataclass(value))


def _record(value: Any) -> dict[str, Any]:
    return dict(value.model_dump()) if hasattr(value, "model_dump") else dataclasses.asdict(value)


def _column_name(name: Any) -> str:
    if isinstance(name, tuple):
        return "/".join(map(str, name))
    return str(name.value if isinstance(name, enum.Enum) else name)


def _distinct(names: Iterable[str]) -> list[str]:
    """The names, with `.1` and so on behind those that were there before, as pandas itself does."""
    result: list[str] = []
    for name in names:
        count, other = 0, name
        while other in result:
            count += 1
            other = f"{name}.{count}"
        result.append(other)
    return result


def _records(result: Any) -> dict[str, list[Any]] | None:
    """A list of dicts with the same keys and plain values as columns; None for anything else."""
    if not isinstance(result, list) or not result:
        return None
    result = [_record(row) if _is_record(row) else row for row in result]
    if not all(isinstance(row, Mapping) for row in result):
        return None
    keys = list(result[0])
    simple = (str, bytes, int, float, np.generic, datetime.date, type(None), pd.Timestamp, decimal.Decimal, enum.Enum)
    for row in result:
        if list(row) != keys or not all(isinstance(value, simple) for value in row.values()):
            return None
    names = _distinct(map(_column_name, keys))
    return {name: [row[key] for row in result] for name, key in zip(names, keys)}


def _series(name: str, values: pd.Series[Any]) -> dict[str, Any]:
    dtype = values.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        values = values.astype(object)
    elif isinstance(dtype, pd.SparseDtype):
        values = values.sparse.to_dense()
    if isinstance(values.dtype, np.dtype):
        return _tensor(name, values.to_numpy())
    # pandas' own and Arrow's types: their missing values are not numpy's.
    return _tensor(name, values.astype(object).where(values.notna(), None).tolist())


def _tensor(name: str, value: Any) -> dict[str, Any]:
    value = _plain(value)
    if isinstance(value, np.ma.MaskedArray) and value.mask.any():
        hidden = value.mask
        value = np.array(value.data, dtype=object)
        value[hidden] = None
    if isinstance(value, (pd.Series, pd.DataFrame)):
        value = value.to_numpy()
    if isinstance(value, (np.ndarray, np.generic)) and value.dtype.kind not in "OTV":
        return _array(name, np.asarray(value))
    if isinstance(value, (np.ndarray, np.generic)):
        value = value.tolist()
    if not isinstance(value, list):
        # Alone: a vector of one.
        return _elements(name, [value], [1, 1]) or _json(name, [value])
    value = [each.to_numpy() if isinstance(each, pd.Series) else each for each in value]
    shape = _shape(value)
    flat = list(_leaves(value, len(shape)))
    if shape and not any(isinstance(each, (list, tuple, Mapping, set, np.ndarray)) for each in flat):
        return _elements(name, flat, _at_least_two(shape)) or _json(name, value)
    try:
        stacked = np.array(value) if all(isinstance(each, np.ndarray) for each in flat) else None
    except ValueError:
        stacked = None
    if stacked is not None and stacked.dtype.kind not in "OV":
        return _array(name, stacked)
    return _json(name, value)


def _shape(value: Any) -> list[int]:
    """The shape of nested lists as far down as they are rectangular."""
    shape, level = [], [value]
    while level and all(isinstance(each, (list, tuple)) for each in level):
        lengths = {len(each) for each in level}
        if len(lengths) != 1:
            break
        shape.append(lengths.pop())
        level = [inner for each in level for inner in each]
    return shape


def _leaves(value: Any, depth: int) -> Iterator[Any]:
    if depth == 0:
        yield value
        return
    for each in value:
        yield from _leaves(each, depth - 1)


def _at_least_two(shape: Iterable[int]) -> list[int]:
    """V2 servers, MLServer first among them, send a vector as a column."""
    sizes = list(shape)
    return [*sizes, 1] if len(sizes) == 1 else sizes or [1, 1]


def _array(name: str, values: Array) -> dict[str, Any]:
    shape, flat = _at_least_two(values.shape), values.ravel()
    kind = values.dtype.kind
    if values.dtype.newbyteorder("=") in DATATYPES:
        return _output(name, DATATYPES[values.dtype.newbyteorder("=")], shape, flat.tolist(), "np")
    if kind == "f":
        return _output(name, "FP64", shape, flat.astype(float).tolist(), "np")
    if kind == "M":
        return _output(name, "BYTES", shape, [_isoformat(each) for each in flat], DATETIME)
    if kind == "S":
        return _output(name, "BYTES", shape, [_base64(each) for each in flat.tolist()], BASE64)
    if kind == "m":
        return _output(name, "BYTES", shape, [_missing_or(pd.Timedelta(each)) for each in flat], TEXT)
    return _output(name, "BYTES", shape, [_text(each) for each in flat.tolist()], TEXT)


def _elements(name: str, flat: list[Any], shape: list[int]) -> dict[str, Any] | None:
    """An output of Python values that are all of one kind; None where only JSON holds them."""
    values = [each.item() if isinstance(each, np.generic) and each.dtype.kind in "biufSU" else each for each in flat]
    values = [each.value if isinstance(each, enum.Enum) else each for each in values]
    values = [float(each) if isinstance(each, decimal.Decimal) else each for each in values]
    present = [each for each in values if not _is_missing(each)]
    missing = len(present) < len(values)

    def filled(data: Iterable[Any]) -> list[Any]:
        remaining = iter(data)
        return [None if _is_missing(each) else next(remaining) for each in values]

    if not flat:
        return _output(name, "FP64", shape, [], "np")
    if not present:
        floats = any(isinstance(each, (float, np.floating)) for each in values)
        return _output(name, "FP64", shape, [None] * len(values), "np") if floats else None
    if all(isinstance(each, bool) for each in present):
        return _output(name, "BOOL", shape, filled(present), "np")
    if all(isinstance(each, int) and not isinstance(each, bool) for each in present):
        low, high = min(present), max(present)
        if missing:
            exact = low >= -_EXACT and high <= _EXACT
            return _output(name, "FP64", shape, filled(map(float, present)), "np") if exact else None
        if low >= -(2**63) and high < 2**63:
            return _output(name, "INT64", shape, present, "np")
        return _output(name, "UINT64", shape, present, "np") if low >= 0 and high < 2**64 else None
    if all(isinstance(each, (int, float)) and not isinstance(each, bool) for each in present):
        # A whole number may have more digits than a float has room for.
        fits = all(isinstance(each, float) or -_LARGEST <= each <= _LARGEST for each in present)
        return _output(name, "FP64", shape, filled(map(float, present)), "np") if fits else None
    if all(isinstance(each, str) for each in present):
        return _output(name, "BYTES", shape, filled(map(_text, present)), TEXT)
    if all(isinstance(each, (bytes, bytearray)) for each in present):
        return _output(name, "BYTES", shape, filled(map(_base64, present)), BASE64)
    if all(isinstance(each, (datetime.date, np.datetime64)) for each in present):
        return _output(name, "BYTES", shape, filled(map(_isoformat, present)), DATETIME)
    if all(isinstance(each, _TEXTS) for each in present):
        return _output(name, "BYTES", shape, filled(map(str, present)), TEXT)
    return None


def _text(value: Any) -> str:
    """As UTF-8 has it, which half of a surrogate pair is not in."""
    text = str(value)
    return text if text.isascii() else text.encode(errors="replace").decode()


def _json(name: str, rows: Iterable[Any]) -> dict[str, Any]:
    """Values of any kind, a JSON text each."""
    texts = [json.dumps(jsonable(row), ensure_ascii=False, allow_nan=False) for row in rows]
    return _output(name, "BYTES", [len(texts), 1], texts, JSON)


def jsonable(value: Any) -> Any:
    """A value as JSON has it; what has no form there is its text."""
    if isinstance(value, str):
        return _text(value)
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, (float, np.floating)):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {_text(key): jsonable(each) for key, each in value.items()}
    if isinstance(value, pd.DataFrame):
        return [jsonable(row) for row in value.to_dict(orient="records")]
    if isinstance(value, (list, tuple, set, frozenset, pd.Series, pd.Index)):
        return [jsonable(each) for each in value]
    if isinstance(value, (bytes, bytearray)):
        return _base64(value)
    if isinstance(value, np.ndarray):
        return jsonable(value.tolist())
    if _is_record(value):
        return jsonable(_record(value))
    if isinstance(value, enum.Enum):
        return jsonable(value.value)
    if isinstance(value, decimal.Decimal):
        return jsonable(float(value))
    if _is_missing(value):
        return None
    if isinstance(value, (datetime.date, datetime.time, np.datetime64)):
        return _isoformat(value) if not isinstance(value, datetime.time) else value.isoformat()
    if isinstance(value, np.generic):
        return jsonable(value.item()) if value.dtype.kind in "biuSU" else str(value)
    plain = _plain(value)
    if plain is not value:
        return jsonable(plain)
    if callable(value) or isinstance(value, BaseException) or type(value).__str__ is _NOTHING_SAID:
        # Where it is in memory says nothing to anybody.
        raise TypeError(f"a {type(value).__name__} is no value")
    return str(value)


def _is_missing(value: Any) -> bool:
    if value is None or value is pd.NA or value is pd.NaT:
        return True
    if isinstance(value, (np.datetime64, np.timedelta64)):
        return bool(np.isnat(value))
    return isinstance(value, (float, np.floating)) and math.isnan(value)


def _isoformat(value: Any) -> str | None:
    if isinstance(value, np.datetime64):
        try:
            value = pd.Timestamp(value)
        except ValueError:
            # Years that pandas does not reach.
            return str(value)
    return None if value is pd.NaT else str(value.isoformat())


def _missing_or(value: Any) -> str | None:
    return None if value is pd.NaT else str(value)


def _base64(value: bytes | bytearray) -> str:
    return base64.b64encode(value).decode()


def _output(name: str, datatype: str, shape: list[int], data: list[Any], content_type: str) -> dict[str, Any]:
    # MLServer's clients, as its own codecs do, read bytes as text unless they are told otherwise.
    parameters = {} if content_type == "np" else {"parameters": {"content_type": content_type}}
    return {"name": name, "datatype": datatype, "shape": shape, "data": data, **parameters}
