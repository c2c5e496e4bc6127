"""What is wrong in a stack's settings: the key, the value, and what to write instead."""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Problem:
    """One fault. `key` is the full path, such as `slipway:models[0].autoscaling.max`."""

    key: str
    value: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.key}: {self.value}: {self.remedy}" if self.value else f"{self.key}: {self.remedy}"


class SettingsError(Exception):
    """The settings cannot be used; the message has one line for each fault."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


def key_of(path: Iterable[str | int]) -> str:
    """`("models", 0, "name")` as `slipway:models[0].name`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return f"slipway:{text}"


def unknown_key(key: str, known: Sequence[str], path: Path = ()) -> Problem:
    near = difflib.get_close_matches(key, known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"the keys here are {', '.join(sorted(known))}"
    return Problem(key_of((*path, key)), "unknown key", hint)


def of(error: ValidationError, data: Mapping[str, Any], model: type[BaseModel]) -> list[Problem]:
    """The faults that pydantic found in `data`, in the order of the file."""
    return [_problem(detail, data, model) for detail in error.errors(include_url=False)]


def _problem(detail: ErrorDetails, data: Mapping[str, Any], model: type[BaseModel]) -> Problem:
    path = tuple(step for step in detail["loc"] if step != "[key]")
    kind = detail["type"]
    if kind == "extra_forbidden":
        return unknown_key(str(path[-1]), _keys(model, path[:-1]), path[:-1])
    if kind == "missing":
        return Problem(key_of(path), "missing", "this key is required")
    message = detail["msg"].removeprefix("Value error, ")
    return Problem(key_of(path), _shown(data, path), message[0].lower() + message[1:])


def _shown(data: Any, path: Path) -> str:
    """The value at `path`, shortened. Before parsing nothing is marked secret, so what might be is not shown."""
    try:
        for step in path:
            data = data[step]
    except (LookupError, TypeError):
        return ""
    if any(word in str(path[-1]).lower() for word in ("password", "secret", "url")):
        return "(not shown)"
    text = repr(data)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _keys(model: type[BaseModel], path: Path) -> list[str]:
    """The keys that the section at `path` takes."""
    fields: dict[str, FieldInfo] = model.model_fields
    for step in path:
        if isinstance(step, int):
            continue
        field = next((f for name, f in fields.items() if step in (f.alias, name)), None)
        section = _section(field.annotation) if field else None
        if section is None:
            return []
        fields = section.model_fields
    return [field.alias or name for name, field in fields.items()]


def _section(annotation: Any) -> type[BaseModel] | None:
    """The section inside an annotation such as `Sequence[Model]` or `Kind | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _section(part))), None)
