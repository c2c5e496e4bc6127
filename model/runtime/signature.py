"""An MLflow signature as V2 tensors: what the model takes and gives, for metadata and for error messages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from mlflow.types.schema import ColSpec, DataType, Schema, TensorSpec

from runtime.place import BASE64, DATETIME, JSON, TEXT

# V2 datatypes of numbers, and numpy's.
NUMPY_TYPES = {
    "BOOL": np.dtype(bool),
    **{f"INT{bits}": np.dtype(f"int{bits}") for bits in (8, 16, 32, 64)},
    **{f"UINT{bits}": np.dtype(f"uint{bits}") for bits in (8, 16, 32, 64)},
    **{f"FP{bits}": np.dtype(f"float{bits}") for bits in (16, 32, 64)},
}
DATATYPES = {dtype: name for name, dtype in NUMPY_TYPES.items()}

_COLUMN_TYPES = {
    DataType.boolean: ("BOOL", "np"),
    DataType.integer: ("INT32", "np"),
    DataType.long: ("INT64", "np"),
    DataType.float: ("FP32", "np"),
    DataType.double: ("FP64", "np"),
    DataType.string: ("BYTES", TEXT),
    DataType.binary: ("BYTES", BASE64),
    DataType.datetime: ("BYTES", DATETIME),
}
_MEANING = {TEXT: "text", BASE64: "base64", DATETIME: "datetime, ISO 8601", JSON: "JSON"}


@dataclass(frozen=True)
class Tensor:
    """One V2 tensor that a model takes or gives; -1 in its shape is any number."""

    name: str
    datatype: str
    shape: tuple[int, ...]
    content_type: str
    optional: bool = False

    def metadata(self) -> dict[str, Any]:
        parameters: dict[str, Any] = {"content_type": self.content_type}
        if self.optional:
            parameters["optional"] = True
        return {
            "name": self.name,
            "datatype": self.datatype,
            "shape": list(self.shape),
            "parameters": parameters,
        }

    def __str__(self) -> str:
        meaning = _MEANING.get(self.content_type)
        text = f"{self.datatype} ({meaning})" if meaning and self.datatype == "BYTES" else self.datatype
        return f"{self.name}, {text}, shape {list(self.shape)}{', optional' if self.optional else ''}"


def tensors(schema: Schema | None, prefix: str) -> list[Tensor]:
    """The V2 tensors of a schema; one without a name is called by the prefix and its place."""
    specs: Iterable[ColSpec | TensorSpec] = schema.inputs if schema is not None else ()
    return [_tensor(spec, f"{prefix}{place}") for place, spec in enumerate(specs)]


def _tensor(spec: ColSpec | TensorSpec, default_name: str) -> Tensor:
    # Not only texts: a DataFrame's columns may be numbers.
    name = default_name if spec.name is None else str(spec.name)
    if isinstance(spec, TensorSpec):
        datatype, content_type = tensor_type(spec.type)
        return Tensor(name, datatype, tuple(spec.shape), content_type)
    # Array, Object, Map and AnyType have no hash to be looked up by.
    datatype, content_type = _COLUMN_TYPES[spec.type] if isinstance(spec.type, DataType) else ("BYTES", JSON)
    return Tensor(name, datatype, (-1, 1), content_type, optional=not getattr(spec, "required", True))


def tensor_type(dtype: np.dtype[Any]) -> tuple[str, str]:
    """The V2 datatype of a numpy type, and what its values mean."""
    if dtype in DATATYPES:
        return DATATYPES[dtype], "np"
    if dtype.kind == "M":
        return "BYTES", DATETIME
    return "BYTES", BASE64 if dtype.kind == "S" else TEXT
