"""What a model is asked: the same question for `predict`, for `/infer` and for `/invocations`."""

import base64
import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from mlflow.models import ModelSignature, infer_signature
from mlflow.types import ColSpec, DataType, Schema
from mlflow.types.schema import Map

_DATATYPES = {"float64": "FP64", "int64": "INT64"}
_PARAMS = {"factor": 2.0}


@dataclass(frozen=True, kw_only=True)
class Question:
    # What the signature is made of, and what the model is given.
    data: Any
    given: Any
    inputs: list[dict[str, Any]]
    body: dict[str, Any]
    # Of a model that takes them.
    params: Mapping[str, Any] = field(default_factory=dict)
    # Of the request, for a model without a signature.
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def signature(self, kind: str, prediction: Any) -> ModelSignature | None:
        """As people make one; where MLflow has no schema for what it returns, it has none."""
        if kind == "none":
            return None
        if kind == "Map":
            return ModelSignature(inputs=Schema([ColSpec(Map(DataType.long), "m")]))
        defaults = {"factor": 1.0} if kind == "params" else None
        return infer_signature(self.data, None if kind == "no outputs" else prediction, params=defaults)


def _data() -> dict[str, Any]:
    return {
        "columns": pd.DataFrame({"a": [1.5, 2.5, 4.0], "b": [3, 1, 2]}),
        "tensor": np.array([[1.5, 2.25], [2.5, 3.5], [4.0, 0.5]], np.float32),
        "text": pd.DataFrame({"text": ["a fine wine", "", "Grüner Veltliner"]}),
        "bytes": pd.DataFrame({"picture": [b"abc", b"\x00\xff", b""]}),
        "datetime": pd.DataFrame(
            {"ds": [pd.Timestamp(day) for day in ("2026-11-26T17:30:00", "2026-11-27", "2024-02-29")]}
        ),
        "nullable": pd.DataFrame({"a": [1.5, None, 4.0], "b": [3.5, 1.5, None]}),
        "category": pd.DataFrame({"colour": pd.Categorical(["red", "white", "white"])}),
        "whole-number names": pd.DataFrame([[1.5, 2.25], [2.5, 3.5], [4.0, 0.5]]),
        "Array": pd.DataFrame({"a": [[1.5], [2.5, 3.5], []]}),
        "Object": pd.DataFrame({"a": [{"k": 1, "t": "x"}, {"k": 2, "t": "y"}]}),
        "Map": pd.DataFrame({"m": [{"x": 1}, {"y": 2, "z": 3}]}),
    }


def question(signature: str, usual: str) -> Question:
    """`usual` is the data of a signature that says nothing of it: none, no outputs, params."""
    every = _data()
    data = every.get(signature, every[usual])
    if isinstance(data, np.ndarray):
        asked = {"name": "input-0", "datatype": "FP32", "shape": list(data.shape), "data": data.tolist()}
        return Question(data=data, given=data, inputs=[asked], body={"inputs": data.tolist()})
    params = _PARAMS if signature == "params" else {}
    split = {"columns": list(data.columns), "data": [[plain(value) for value in row] for row in _rows(data)]}
    return Question(
        data=data,
        given=_as_sent(data),
        inputs=[_tensor(str(name), data[name]) for name in data.columns],
        body={"dataframe_split": split, **({"params": params} if params else {})},
        params=params,
        parameters={**params, **({"content_type": "pd"} if signature == "none" else {})},
    )


def _as_sent(data: pd.DataFrame) -> pd.DataFrame:
    """Without categories, which JSON has no word for, and which MLflow itself refuses in a frame."""
    return data.astype({name: object for name, dtype in data.dtypes.items() if str(dtype) == "category"})


def _rows(data: pd.DataFrame) -> list[tuple[Any, ...]]:
    return list(data.itertuples(index=False, name=None))


def _tensor(name: str, column: "pd.Series[Any]") -> dict[str, Any]:
    values = [plain(value) for value in column]
    datatype = _DATATYPES.get(str(column.dtype), "BYTES")
    # What a model without a signature has to be told.
    said = {"M": {"content_type": "datetime"}}.get(column.dtype.kind, {})
    return {"name": name, "datatype": datatype, "shape": [len(values), 1], "data": values, "parameters": said}


def plain(value: Any) -> Any:
    """As JSON has it."""
    if isinstance(value, (list, dict)):
        # A copy: MLflow writes into what it is given.
        return copy.deepcopy(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, str):
        return value
    if pd.isna(value):
        return None
    return value.isoformat() if isinstance(value, pd.Timestamp) else getattr(value, "item", lambda: value)()
