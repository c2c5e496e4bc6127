"""The data of one V2 tensor, as a numpy array of what it says it is."""

from __future__ import annotations

import base64
import json
import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from runtime.place import BASE64, DATETIME, JSON
from runtime.problem import Problem
from runtime.signature import NUMPY_TYPES

Array = NDArray[Any]
# One tensor of a request: name, datatype, shape, data, and perhaps parameters.
TensorValues = dict[str, Any]


def array(tensor: TensorValues) -> Array:
    """The tensor's values in its own datatype and shape; those of BYTES as Python objects.

    Null is NaN in a tensor of floats, and None in one of BYTES.
    """
    name, datatype, data = tensor["name"], tensor["datatype"], tensor["data"]
    shape = [int(size) for size in tensor["shape"]]
    if any(size < 0 for size in shape):
        raise Problem(f"Input {name!r}: shape {shape} has a negative size")
    if datatype == "BYTES":
        values = _objects(_unpacked(data) if isinstance(data, bytes) else _flat(data, len(shape)))
    elif datatype in NUMPY_TYPES:
        values = _numbers(name, datatype, data)
    else:
        raise unknown_datatype(tensor)
    # Not in 64 bits, which a product of sizes may leave.
    size = math.prod(shape)
    if values.size != size:
        raise Problem(f"Input {name!r}: shape {shape} is {size} values, and its data has {values.size}")
    return values.reshape(shape)


def unknown_datatype(tensor: TensorValues) -> Problem:
    known = ", ".join([*NUMPY_TYPES, "BYTES"])
    return Problem(f"Input {tensor['name']!r}: there is no datatype {tensor['datatype']!r}; V2 has {known}")


def _numbers(name: str, datatype: str, data: Any) -> Array:
    dtype = NUMPY_TYPES[datatype]
    if isinstance(data, bytes):
        if len(data) % dtype.itemsize:
            raise Problem(f"Input {name!r}: {len(data)} bytes are no whole number of {datatype}")
        # A copy: a model may write into what it is given.
        return np.frombuffer(data, dtype).copy()
    try:
        values = np.asarray(data)
    except (ValueError, OverflowError):
        # Lists of different lengths, or a number that fits nothing.
        values = _objects(_flat(data, 0))
    if values.dtype == dtype:
        return values.ravel()
    if values.size == 0:
        return np.empty(0, dtype)
    if values.dtype.kind == "O":
        flat = _objects(_flat(values.tolist(), 0))
        if dtype.kind == "f":
            flat[[each is None for each in flat]] = np.nan
        _check_elements(name, datatype, flat)
        try:
            values = np.asarray(flat.tolist())
        except OverflowError:
            values = flat
        if values.dtype.kind == "O":
            values = values.astype(float)
    if values.dtype.kind not in "biuf":
        _check_elements(name, datatype, values.ravel())
    return _cast(name, datatype, values.ravel())


def _check_elements(name: str, datatype: str, values: Array) -> None:
    """Raise for the first value that is no number at all."""
    for place, value in enumerate(values.tolist()):
        if not isinstance(value, (bool, int, float)):
            raise _wrong(name, datatype, place, value)


def _cast(name: str, datatype: str, values: Array) -> Array:
    """The numbers in the datatype's own type. Raises Problem for the first that it cannot hold."""
    dtype = NUMPY_TYPES[datatype]
    if dtype.kind == "f":
        with np.errstate(over="ignore"):
            cast = values.astype(dtype)
        wrong = np.isinf(cast) & ~np.isinf(values.astype(float))
    elif dtype.kind == "b":
        cast = values.astype(bool)
        wrong = (values != 0) & (values != 1)
    else:
        limits = np.iinfo(dtype)
        with np.errstate(invalid="ignore"):
            cast = values.astype(dtype)
        if values.dtype.kind == "f":
            # 2**63 as a float is one more than the largest INT64.
            wrong = ~((values >= float(limits.min)) & (values < float(limits.max) + 1) & (values == np.floor(values)))
        else:
            wrong = np.array([not limits.min <= value <= limits.max for value in values.tolist()], dtype=bool)
    if wrong.any():
        place = int(np.argmax(wrong))
        raise _wrong(name, datatype, place, values[place].item())
    return cast


def _wrong(name: str, datatype: str, place: int, value: Any) -> Problem:
    dtype = NUMPY_TYPES[datatype]
    if dtype.kind in "iu":
        wanted = f"a whole number from {np.iinfo(dtype).min} to {np.iinfo(dtype).max}"
    else:
        wanted = "true or false" if dtype.kind == "b" else f"a number up to {np.finfo(dtype).max:.4g}, or null"
    return Problem(f"Input {name!r}, value {place}: {shown(value)} is no {datatype}: it takes {wanted}")


def shown(value: Any) -> str:
    """A value in an error message: as JSON, and not more than a line of it."""
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError):
        text = repr(value)
    # Half of a surrogate pair is in no message.
    text = text.encode(errors="replace").decode()
    return text if len(text) <= 100 else f"{text[:100]}…"


def _flat(data: Any, depth: int) -> list[Any]:
    """The elements in order, whether the lists are nested or not.

    With a `depth`, only so many levels are: an element that is a list itself stays one.
    """
    if not isinstance(data, (list, tuple)):
        return [data]
    nested = depth != 1 and any(isinstance(each, (list, tuple)) for each in data)
    if not nested:
        return list(data)
    return [element for each in data for element in _flat(each, depth - 1 if depth else 0)]


def _objects(values: list[Any]) -> Array:
    result = np.empty(len(values), dtype=object)
    for place, value in enumerate(values):
        result[place] = value
    return result


def _unpacked(data: bytes) -> list[Any]:
    """The elements of a raw BYTES tensor: each after its length, four bytes, little-endian."""
    elements, place = [], 0
    while place < len(data):
        length = int.from_bytes(data[place : place + 4], "little")
        elements.append(data[place + 4 : place + 4 + length])
        place += 4 + length
    return elements


def meant(name: str, values: Array, meaning: str, *, optional: bool = False) -> Array:
    """The elements of a BYTES tensor as what they mean: text, bytes, datetimes or JSON values.

    A null stays None, but where bytes or a datetime must be there.
    """
    read = {BASE64: _bytes, DATETIME: _datetime, JSON: _json}.get(meaning, _text)
    allowed = optional or read in (_text, _json)
    result = [
        None if value is None and allowed else _read(read, name, place, value)
        for place, value in enumerate(values.ravel())
    ]
    return _objects(result).reshape(values.shape)


def json_rows(tensor: TensorValues) -> list[Any]:
    """The rows of a tensor that holds one JSON value a row, as texts or as they are."""
    name, data, shape = tensor["name"], tensor["data"], list(tensor["shape"])
    if isinstance(data, bytes):
        rows = _unpacked(data)
    elif tensor["datatype"] != "BYTES":
        # Numbers: a row of them is a list.
        rows = array(tensor).tolist()
    else:
        rows = list(data) if isinstance(data, (list, tuple)) else [data]
        if len(shape) > 1 and all(isinstance(row, list) and len(row) == 1 for row in rows):
            rows = [row[0] for row in rows]
    if shape and len(rows) != shape[0]:
        raise Problem(f"Input {name!r}: shape {shape} is {shape[0]} rows, and its data has {len(rows)}")
    return list(meant(name, _objects(rows), JSON))


def _read(read: Callable[[Any], Any], name: str, place: int, value: Any) -> Any:
    try:
        return read(value)
    except ValueError as error:
        raise Problem(f"Input {name!r}, value {place}: {shown(value)} {error}") from None


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            raise ValueError("is no UTF-8 text") from None
    if not isinstance(value, str):
        raise ValueError("is no text; write it as a JSON string")
    return value


def _bytes(value: Any) -> bytes:
    try:
        return base64.b64decode("".join(_text(value).split()), validate=True)
    except ValueError:
        # From gRPC, where bytes need no encoding.
        if isinstance(value, bytes):
            return value
        raise ValueError("is no base64, which bytes are written in") from None


_ISO = re.compile(r"\d{4}-?\d\d-?\d\d([T ]\d\d:?\d\d(:?\d\d([.,]\d{1,9})?)?)?(Z|[+-]\d\d:?(\d\d)?)?")
_DATETIME_FORM = "write it as ISO 8601 without a time zone, such as 2026-11-26T17:30:00"


def _datetime(value: Any) -> pd.Timestamp:
    text = value.decode(errors="replace") if isinstance(value, bytes) else value
    if not isinstance(text, str) or not _ISO.fullmatch(text):
        raise ValueError(f"is no datetime; {_DATETIME_FORM}")
    try:
        result = pd.Timestamp(text)
    except ValueError:
        raise ValueError(f"is no datetime that pandas can hold; {_DATETIME_FORM}") from None
    if result.tzinfo is not None:
        raise ValueError(f"has a time zone, and the model takes datetimes without one; {_DATETIME_FORM}")
    return result


def _json(value: Any) -> Any:
    """A JSON text's value; what is no text is a value already."""
    if isinstance(value, bytes):
        value = _text(value)
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise ValueError("is no JSON; a text needs quotes of its own there") from None
