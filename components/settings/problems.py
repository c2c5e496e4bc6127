"""What is wrong in a stack's settings: the key, the value, and what to write instead."""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import BaseModel, Tag, ValidationError
from pydantic_core import ErrorDetails

from components.errors import SlipwayError

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Problem:
    """One fault. `key` is the full path, such as `slipway:models[0].autoscaling.max`."""

    key: str
    value: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.key}: {self.value}: {self.remedy}" if self.value else f"{self.key}: {self.remedy}"


class SettingsError(SlipwayError):
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


def fault(path: Path, value: object, remedy: str) -> Problem:
    """A contradiction at `path`; a `value` of None is not shown."""
    return Problem(key_of(path), "" if value is None else repr(value), remedy)


def of(error: ValidationError, data: Mapping[str, Any], model: type[BaseModel]) -> list[Problem]:
    """The faults that pydantic found in `data`, in the order of the file."""
    return [_problem(detail, data, model) for detail in error.errors(include_url=False)]


def _problem(detail: ErrorDetails, data: Mapping[str, Any], model: type[BaseModel]) -> Problem:
    path, sections = _walk(model, detail["loc"])
    kind, context = detail["type"], detail.get("ctx", {})
    if kind == "extra_forbidden":
        return unknown_key(str(path[-1]), _keys(sections), path[:-1])
    if kind == "missing":
        return Problem(key_of(path), "missing", "this key is required")
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        at = (*path, context["discriminator"].strip("'"))
        tags = ", ".join(tag for section in sections for tag in section.tags)
        return Problem(key_of(at), repr(context["tag"]) if "tag" in context else "missing", f"write one of {tags}")
    message = detail["msg"].removeprefix("Value error, ")
    return Problem(key_of(path), _shown(data, path), message[0].lower() + message[1:])


def _shown(data: Any, path: Path) -> str:
    """The value at `path`, shortened. Before parsing nothing is marked secret, so what might be is not shown."""
    try:
        for step in path:
            data = data[step]
    except (LookupError, TypeError):
        return ""
    if any(word in str(path[-1]).lower() for word in ("password", "secret", "url", "key")):
        return "(not shown)"
    text = repr(data)
    return text if len(text) <= 60 else f"{text[:57]}..."


@dataclass(frozen=True)
class _Section:
    """A section, and what names it where several may stand: pydantic puts such a tag into the location."""

    model: type[BaseModel]
    tags: tuple[str, ...] = ()


def _walk(model: type[BaseModel], location: Path) -> tuple[Path, list[_Section]]:
    """The key path that `location` means, and the sections that its last step may be a key of."""
    path: list[str | int] = []
    here = below = [_Section(model)]
    for step in location:
        if step == "[key]":
            continue
        if not isinstance(step, int):
            here = below
            if len(here) > 1:
                below = [section for section in here if step in section.tags]
                continue
            fields = here[0].model.model_fields if here else {}
            found = next((field for name, field in fields.items() if step in (field.alias, name)), None)
            # A step that is no field is a name in a mapping, or an unknown key.
            below = _sections(found.annotation) if found else here
        path.append(step)
    return tuple(path), below if len(below) > 1 else here


def _keys(sections: Sequence[_Section]) -> list[str]:
    """The keys that one of the sections takes."""
    return [field.alias or name for section in sections[:1] for name, field in section.model.model_fields.items()]


def _sections(annotation: Any) -> list[_Section]:
    """The sections inside an annotation such as `Sequence[Model]`, `Kind | None` or a tagged union."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        kind = annotation.model_fields.get("type")
        return [_Section(annotation, get_args(kind.annotation) if kind else ())]
    tags = [part.tag for part in getattr(annotation, "__metadata__", ()) if isinstance(part, Tag)]
    found = [section for part in get_args(annotation) for section in _sections(part)]
    return [_Section(section.model, tuple(tags)) for section in found] if tags else found
