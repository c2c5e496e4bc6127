"""Rows of a file as a V2 request, in the form of the model's own example."""

import csv
import json
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from components.errors import SlipwayError

Row = Mapping[str, Any] | Sequence[Any]

_PLAIN: list[dict[str, Any]] = [{"name": "input-0", "datatype": "FP64"}]


def request(file: Path, example: Sequence[Mapping[str, Any]] | None) -> dict[str, Any]:
    """What the file asks: a V2 request as it is, or its rows as the tensors of `example`. Raises SlipwayError."""
    content = _read(file)
    if isinstance(content, dict) and "inputs" in content:
        return content
    rows = [content] if isinstance(content, dict) else content
    if not isinstance(rows, list) or not rows:
        raise SlipwayError(f"{file} holds no row", remedy='write a list of rows, or a V2 request: {"inputs": [...]}')
    rows = [row if isinstance(row, dict | list) else [row] for row in rows]
    inputs = list(example) if example else [{**_PLAIN[0], "shape": [1, len(rows[0])]}]
    try:
        return {"inputs": [_matrix(rows, inputs[0])] if len(inputs) == 1 else [_column(rows, each) for each in inputs]}
    except SlipwayError as error:
        raise SlipwayError(f"{file}: {error}") from None


def _read(file: Path) -> Any:
    readers: dict[str, Callable[[Path], Any]] = {".json": _json, ".csv": _csv, ".parquet": _parquet}
    if file.suffix not in readers:
        raise SlipwayError(f"{file}: rows are read from {', '.join(readers)}")
    try:
        return readers[file.suffix](file)
    except (ValueError, OSError) as error:
        raise SlipwayError(f"{file} cannot be read as {file.suffix[1:].upper()}: {error}") from None


def _json(file: Path) -> Any:
    return json.loads(file.read_text())


def _csv(file: Path) -> list[dict[str, Any]]:
    with file.open(newline="") as lines:
        return list(csv.DictReader(lines))


def _parquet(file: Path) -> list[dict[str, Any]]:
    from pyarrow import parquet

    return list(parquet.read_table(file).to_pylist())


def _matrix(rows: Sequence[Row], tensor: Mapping[str, Any]) -> dict[str, Any]:
    """All values of a row in one tensor."""
    below = list(tensor["shape"][1:])
    width = math.prod(below)
    data: list[Any] = []
    for number, row in enumerate(rows, 1):
        values = list(row.values()) if isinstance(row, Mapping) else list(row)
        if len(values) != width:
            raise SlipwayError(f"row {number} has {len(values)} values, and the model takes {width}")
        data += [_cast(value, tensor["datatype"], f"row {number}") for value in values]
    return {**tensor, "shape": [len(rows), *below], "data": data}


def _column(rows: Sequence[Row], tensor: Mapping[str, Any]) -> dict[str, Any]:
    """One column of the rows, by its name."""
    name = tensor["name"]
    for number, row in enumerate(rows, 1):
        if not isinstance(row, Mapping) or name not in row:
            raise SlipwayError(f"row {number} has no column {name}, which the model takes")
    data = [_cast(row[name], tensor["datatype"], f"column {name}") for row in rows if isinstance(row, Mapping)]
    return {**tensor, "shape": [len(rows), *tensor["shape"][1:]], "data": data}


def _cast(value: Any, datatype: str, where: str) -> Any:
    try:
        if datatype == "BOOL":
            return value if isinstance(value, bool) else {"true": True, "false": False}[str(value).lower()]
        if datatype.startswith("FP"):
            return float(value)
        if datatype.startswith(("INT", "UINT")):
            return int(value)
    except (ValueError, TypeError, KeyError):
        raise SlipwayError(f"{where}: {value!r} is no {datatype}") from None
    return value if isinstance(value, str) else str(value)
