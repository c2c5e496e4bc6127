"""A request that a model must answer: its own `slipway_example`, or the `input_example` that it was logged with."""

import base64
import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from components.serving.logged_model import LoggedModel
from components.serving.problem import ServingError

_COLUMNS = {"boolean": "BOOL", "integer": "INT32", "long": "INT64", "float": "FP32", "double": "FP64"}
_TENSORS = {
    "bool": "BOOL",
    **{f"{kind}int{bits}": f"{kind.upper()}INT{bits}" for kind in ("", "u") for bits in (8, 16, 32, 64)},
    **{f"float{bits}": f"FP{bits}" for bits in (16, 32, 64)},
}


def of(model: LoggedModel) -> dict[str, Any] | None:
    """`inputs`, perhaps `parameters`, and `outputs` where they are known. Raises ServingError for a malformed one."""
    own = model.metadata.get("slipway_example")
    if own is not None:
        if not isinstance(own, Mapping) or not isinstance(own.get("inputs"), list):
            raise ServingError(
                "the model's metadata has a slipway_example without `inputs`: it is "
                '{"inputs": [the inputs of a V2 request], "outputs": what it must answer}'
            )
        return dict(json.loads(json.dumps(own, default=_plain)))
    path = model.folder / "serving_input_example.json"
    signature = model.described.get("signature") or {}
    if not path.is_file() or not signature.get("inputs"):
        return None
    # Python writes NaN, which is no JSON, and which V2 has null for.
    body = json.loads(path.read_text("utf-8"), parse_constant=lambda word: None if word == "NaN" else float(word))
    return request(body, json.loads(signature["inputs"]))


def request(body: Mapping[str, Any], specs: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """MLflow's request as V2's, by the signature's inputs; None where it has no such form."""
    inputs = _inputs(body, specs)
    if inputs is None:
        return None
    params = body.get("params")
    return {"inputs": inputs, **({"parameters": params} if params else {})}


def _inputs(body: Mapping[str, Any], specs: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]] | None:
    if "dataframe_split" in body:
        frame = body["dataframe_split"]
        names = frame.get("columns") or [spec.get("name", place) for place, spec in enumerate(specs)]
        rows = frame["data"]
        columns = {name: [row[place] for row in rows] for place, name in enumerate(names)}
        given = [(spec.get("name", place), spec) for place, spec in enumerate(specs)]
        return [_column(str(name), spec, columns[name]) for name, spec in given if name in columns]
    values = body.get("inputs", body.get("instances"))
    if values is None:
        return None
    if any(spec["type"] == "tensor" for spec in specs):
        return _tensors(values, specs)
    return _columns(values, specs)


def _plain(value: Any) -> str:
    """What YAML has a word for and JSON has none, as V2 has it."""
    return value.isoformat() if isinstance(value, date) else base64.b64encode(value).decode()


def _tensors(values: Any, specs: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]] | None:
    if len(specs) == 1 and "name" not in specs[0]:
        return [_tensor("input-0", specs[0], values)]
    if not isinstance(values, Mapping) or not all(spec["name"] in values for spec in specs):
        return None
    return [_tensor(spec["name"], spec, values[spec["name"]]) for spec in specs]


def _columns(values: Any, specs: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]] | None:
    """Columns that were not given as a frame: a row as a dict, rows as dicts, the only column, or its only value."""
    if len(specs) == 1 and "name" not in specs[0]:
        return [_column("input-0", specs[0], values if isinstance(values, list) else [values])]
    if isinstance(values, Mapping):
        given = {spec["name"]: _rows(spec, values[spec["name"]]) for spec in specs if spec.get("name") in values}
    elif isinstance(values, list) and values and all(isinstance(row, Mapping) for row in values):
        named = [spec["name"] for spec in specs if any(spec.get("name") in row for row in values)]
        given = {name: [row.get(name) for row in values] for name in named}
    elif len(specs) == 1:
        given = {specs[0]["name"]: values if isinstance(values, list) else [values]}
    else:
        return None
    return [_column(str(spec["name"]), spec, given[spec["name"]]) for spec in specs if spec["name"] in given] or None


def _rows(spec: Mapping[str, Any], value: Any) -> list[Any]:
    """Of a dict's entry: a list is the rows, or the one row of a column whose values are lists."""
    return value if isinstance(value, list) and spec["type"] != "array" else [value]


def _column(name: str, spec: Mapping[str, Any], values: list[Any]) -> dict[str, Any]:
    shape = [len(values), 1]
    if spec["type"] in _COLUMNS:
        return {"name": name, "datatype": _COLUMNS[spec["type"]], "shape": shape, "data": values}
    if spec["type"] in ("string", "binary", "datetime"):
        return {"name": name, "datatype": "BYTES", "shape": shape, "data": values}
    texts = [json.dumps(value, ensure_ascii=False) for value in values]
    said = {"content_type": "pd_json"}
    return {"name": name, "datatype": "BYTES", "shape": shape, "data": texts, "parameters": said}


def _tensor(name: str, spec: Mapping[str, Any], values: Any) -> dict[str, Any]:
    dtype = spec["tensor-spec"]["dtype"]
    if dtype.startswith("datetime64"):
        values = _moments(values)
    shape, level = [], values
    while isinstance(level, list):
        shape.append(len(level))
        level = level[0] if level else None
    return {"name": name, "datatype": _TENSORS.get(dtype, "BYTES"), "shape": shape, "data": values}


def _moments(values: Any) -> Any:
    """MLflow writes a datetime of an array as numpy does, in nanoseconds since 1970."""
    if isinstance(values, list):
        return [_moments(each) for each in values]
    if not isinstance(values, int):
        return values
    moment = datetime(1970, 1, 1) + timedelta(microseconds=values // 1000)
    return f"{moment.isoformat(timespec='microseconds')}{values % 1000:03d}"
