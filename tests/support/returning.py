"""A class as people write one, which returns what it is told to, made of every value of its input."""

from __future__ import annotations

import zlib
from typing import Any

import mlflow
import numpy as np
import pandas as pd


class Returning(mlflow.pyfunc.PythonModel):  # type: ignore[misc,name-defined]
    def __init__(self, kind: str) -> None:
        self.kind = kind

    def predict(self, context, model_input, params=None):  # type: ignore[no-untyped-def]  # noqa: ARG002
        return returned(self.kind, told(model_input), (params or {}).get("factor", 1.0))


class WithModule(Returning):
    """Needs a module that only its code_paths bring."""

    def predict(self, context, model_input, params=None):  # type: ignore[no-untyped-def]  # noqa: ARG002
        from wine_words import louder

        return returned(self.kind, louder(told(model_input)), 1.0)


def returned(kind: str, texts: list[str], factor: float) -> Any:
    numbers = [factor * zlib.crc32(text.encode()) / 7 for text in texts]
    records = [{"number": number, "text": text} for number, text in zip(numbers, texts, strict=True)]
    kinds: dict[str, Any] = {
        "ndarray": np.array(numbers),
        "DataFrame": pd.DataFrame(records),
        "Series": pd.Series(texts, name="text"),
        "list": texts,
        "scalar": sum(numbers),
        "list of dicts": records,
        "dict of lists": {"number": numbers, "text": texts},
        "tuple": tuple(numbers),
        "bytes": "\n".join([*texts, str(factor)]).encode(),
        "None": None,
    }
    return kinds[kind]


def told(data: Any) -> list[str]:
    """Every row of what a model is given, as text."""
    rows = data.itertuples(index=False) if isinstance(data, pd.DataFrame) else data
    return ["|".join(map(text, row)) for row in rows]


def text(value: Any) -> str:
    if isinstance(value, dict):
        return str({name: text(value[name]) for name in sorted(value)})
    if isinstance(value, (list, np.ndarray)):
        return str([text(each) for each in value])
    if isinstance(value, bytes):
        return value.hex()
    if pd.isna(value):
        return "null"
    return value if isinstance(value, str) else str(value) if isinstance(value, pd.Timestamp) else repr(float(value))
