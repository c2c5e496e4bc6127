"""A request that a model must answer: its own `slipway_example`, or the `input_example` that it was logged with."""

import json
from collections.abc import Mapping, Sequence
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
        return dict(own)
    path = model.folder / "serving_input_example.json"
    signature = model.described.get("signature") or {}
    if not path.is_file() or not signature.get("inputs"):
        return None
    # Python writes NaN, which is no JSON, and which V2 has null for.
    body = json.loads(path.read_text("utf-8"), parse_constant=lambda _: None)
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
    if not any(spec["type"] == "tensor" for spec in specs):
        plain = len(specs) == 1 and isinstance(values, list)
        return [_column(str(specs[0].get("name", "input-0")), specs[0], values)] if plain else None
    if len(specs) == 1 and "name" not in specs[0]:
        return [_tensor("input-0", specs[0], values)]
    return [_tensor(spec["name"], spec, values[spec["name"]]) for spec in specs if isinstance(values, Mapping)] or None


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
    shape, level = [], values
    while isinstance(level, list):
        shape.append(len(level))
        level = level[0] if level else None
    datatype = _TENSORS.get(spec["tensor-spec"]["dtype"], "BYTES")
    return {"name": name, "datatype": datatype, "shape": shape, "data": values}
