"""Whether a model's V2 answer is the one that its example has: by structure, numbers as exactly as they are kept."""

import contextlib
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

# How far two numbers of a datatype may be apart, relatively and absolutely: another processor adds in another order.
_TOLERANCE = {"FP16": (1e-2, 1e-3), "FP32": (1e-4, 1e-6), "FP64": (1e-6, 1e-9)}
_LOOSEST = "FP64"
_JSON, _DATETIME = "pd_json", "datetime"
# As MLflow calls the values of a pandas Series without a name.
_UNNAMED = "0"


def difference(answer: Mapping[str, Any], right: Any) -> str | None:
    """The first place where a V2 answer is not what is right, in words; None where there is none.

    `right` may be V2's own outputs, values by the outputs' names, rows of several outputs, records, or the values of
    the first output, nested or not; or a whole answer of V2 or of MLflow's own server, or pandas' split form.
    """
    outputs: Sequence[Mapping[str, Any]] = answer.get("outputs") or []
    return next(_differences(outputs, _unwrapped(right, set(map(_name, outputs)))), None)


def _unwrapped(right: Any, names: set[str]) -> Any:
    """The values alone, where they came with what is around them in somebody's answer."""
    if not isinstance(right, Mapping) or names & set(map(str, right)):
        return right
    if right.keys() == {"predictions"}:
        return right["predictions"]
    if isinstance(right.get("outputs"), list):
        return right["outputs"]
    if right.keys() - {"index"} == {"columns", "data"}:
        return {name: [row[place] for row in right["data"]] for place, name in enumerate(right["columns"])}
    return right


def _differences(outputs: Sequence[Mapping[str, Any]], right: Any) -> Iterator[str]:
    wanted = _by_name(outputs, right)
    if wanted is None:
        if not outputs:
            yield f"the answer has no outputs; its own example says {_shown(right)}"
            return
        yield from _output(outputs[0], right)
        return
    got = {_name(output): output for output in outputs}
    for name, values in wanted.items():
        if name not in got:
            yield f"the answer has no output {name!r}; it has {', '.join(map(repr, got)) or 'none'}"
        else:
            yield from _output(got[name], values)


def _by_name(outputs: Sequence[Mapping[str, Any]], right: Any) -> dict[str, Any] | None:
    """The right values of each output, where more than the first is meant."""
    if isinstance(right, Mapping):
        return {str(name): values for name, values in right.items()}
    if not isinstance(right, list) or not right:
        return None
    if all(isinstance(each, Mapping) and "data" in each and "name" in each for each in right):
        return {each["name"]: each["data"] for each in right}
    names = [_name(output) for output in outputs]
    if all(isinstance(each, Mapping) and set(map(str, each)) == set(names) for each in right):
        return {name: [{str(key): value for key, value in row.items()}[name] for row in right] for name in names}
    unnamed = all(isinstance(each, Mapping) and list(map(str, each)) == [_UNNAMED] for each in right)
    if unnamed and len(names) == 1 and not _means(outputs[0], _JSON):
        return {names[0]: [value for row in right for value in row.values()]}
    if len(names) > 1 and all(isinstance(each, list) and len(each) == len(names) for each in right):
        return {name: [row[place] for row in right] for place, name in enumerate(names)}
    return None


def _output(output: Mapping[str, Any], right: Any) -> Iterator[str]:
    name, data = _name(output), list(_flat(output["data"]))
    if _means(output, _JSON):
        rows = [json.loads(each) if isinstance(each, str) else each for each in output["data"]]
        wanted = right if isinstance(right, list) and len(right) == len(rows) else [right]
        if not _same_json(rows, wanted):
            yield f"output {name!r}: {_shown(rows)}; its own example says {_shown(right)}"
        return
    wanted = list(_flat(right))
    if _means(output, _DATETIME):
        data, wanted = list(map(_moment, data)), list(map(_moment, wanted))
    if len(data) != len(wanted):
        yield f"output {name!r} has {len(data)} values, {_shown(data)}; its own example says {_shown(right)}"
        return
    for place, (got, expected) in enumerate(zip(data, wanted, strict=True)):
        if not _same(got, expected, str(output.get("datatype") or _LOOSEST)):
            yield f"output {name!r}, value {place}: {_shown(got)}; its own example says {_shown(expected)}"


def _means(output: Mapping[str, Any], content_type: str) -> bool:
    return (output.get("parameters") or {}).get("content_type") == content_type


def _name(output: Mapping[str, Any]) -> str:
    return str(output.get("name", "output-0"))


def _moment(value: Any) -> Any:
    """A datetime, in whichever of its forms; anything else as it is."""
    if isinstance(value, str):
        with contextlib.suppress(ValueError):
            return datetime.fromisoformat(value).isoformat()
    return value


def _flat(value: Any) -> Iterator[Any]:
    if isinstance(value, list | tuple):
        for each in value:
            yield from _flat(each)
    else:
        yield value


def _same(got: Any, right: Any, datatype: str) -> bool:
    if _missing(got) or _missing(right):
        return _missing(got) and _missing(right)
    if _number(got) and _number(right):
        relative, absolute = _TOLERANCE.get(datatype, (0.0, 0.0))
        return math.isclose(got, right, rel_tol=relative, abs_tol=absolute)
    return type(got) is type(right) and bool(got == right)


def _same_json(got: Any, right: Any) -> bool:
    if isinstance(got, list) and isinstance(right, list):
        return len(got) == len(right) and all(map(_same_json, got, right))
    if isinstance(got, dict) and isinstance(right, dict):
        return got.keys() == right.keys() and all(_same_json(got[key], right[key]) for key in got)
    return _same(got, right, _LOOSEST)


def _missing(value: Any) -> bool:
    """Or infinite: JSON has a word for neither."""
    return value is None or (isinstance(value, float) and not math.isfinite(value))


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 200 else f"{text[:200]}…"
