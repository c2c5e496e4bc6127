"""Values that are no such thing as their key takes, in words for whoever writes stack files."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel, Tag
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from components.settings.problems import Path, Problem, key_of
from components.settings.text import SECRET_PLACEHOLDER, Shown
from components.settings.unread import UNREAD

# What others call it.
_MEANT = {
    "namespace": "team",
    "minReplicas": "min",
    "maxReplicas": "max",
    "gpu": "gpus",
    "uri": "url",
    "url": "uri",
    "host": "hosts",
    "metricType": "type",
    "tag": "version",
    "cpu": "requests",
    "memory": "requests",
    "mode": "class",
    "class": "mode",
    "stack": "cluster",
    "secret": "password",
}
_LONGEST_SHOWN = 60


def unknown_key(key: str, known: Sequence[str], path: Path = ()) -> Problem:
    near = nearest(key, known)
    hint = f"did you mean {near}?" if near else f"the keys here are {', '.join(sorted(known))}"
    return Problem(key_of((*path, key)), "unknown key", hint)


def nearest(word: str, known: Sequence[str]) -> str | None:
    """The one of `known` that is meant by a slip of the pen, or by another name for it."""
    if (meant := _MEANT.get(word)) in known:
        return meant
    lower = {each.lower(): each for each in known}
    near = difflib.get_close_matches(word.lower(), list(lower), n=1, cutoff=0.7)
    return lower[near[0]] if near else None


@dataclass(frozen=True)
class TypeFault:
    """What pydantic found, and where: `field` is the path of the innermost key that a section declares."""

    problem: Problem
    path: Path
    field: Path
    # Whether nothing but the key itself is wrong: without it the rest can be read.
    stray: bool


def read(detail: ErrorDetails, data: Mapping[str, Any], model: type[BaseModel]) -> TypeFault:
    place = _walk(model, _written(data, detail["loc"]))
    value = _at(data, place.path)
    kind = detail["type"]
    if kind == "extra_forbidden":
        problem = unknown_key(str(place.path[-1]), place.keys, place.path[:-1])
    elif kind == "literal_error" and detail["loc"][-1] == "[key]":
        problem = unknown_key(str(place.path[-1]), _expected(detail), place.path[:-1])
    elif kind == "missing":
        problem = Problem(key_of(place.path), "missing", "this key is required")
    elif kind in ("union_tag_invalid", "union_tag_not_found"):
        problem = _tag_problem(detail, place)
    else:
        problem = Problem(key_of(place.path), _shown(value, place.field), _remedy(detail, value, place))
    return TypeFault(problem, place.path, place.field_path, kind == "extra_forbidden" or detail["loc"][-1] == "[key]")


def field_of(path: Path, model: type[BaseModel]) -> Path:
    """The innermost key on the way that a section declares; empty where there is none."""
    return _walk(model, path).field_path


def _tag_problem(detail: ErrorDetails, place: "_Place") -> Problem:
    context = detail.get("ctx", {})
    tags = [str(tag) for section in place.sections for tag in section.tags]
    said, known = context.get("tag"), ", ".join(tags)
    near = nearest(str(said), tags) if said else None
    remedy = f"did you mean {near}?" if near else f"write one of {known}"
    return Problem(key_of((*place.path, "type")), _word(said) if said else "missing", remedy)


def _expected(detail: ErrorDetails) -> list[str]:
    """What a literal may be."""
    text = str(detail.get("ctx", {}).get("expected", ""))
    return [each.strip().strip("'") for part in text.split(" or ") for each in part.split(",")]


def _remedy(detail: ErrorDetails, value: Any, place: "_Place") -> str:
    kind, context = detail["type"], detail.get("ctx", {})
    if value is UNREAD:
        return "not read"
    if value == SECRET_PLACEHOLDER:
        return "encrypted, where it cannot be; encrypt the single secret in it, or write this in plain text"
    if kind == "value_error":
        return str(context.get("error", detail["msg"]))
    if value is None:
        return "empty; write a value, or remove the key"
    if kind == "literal_error":
        known = _expected(detail)
        near = nearest(value, known) if isinstance(value, str) else None
        return f"did you mean {near}?" if near else f"write one of {', '.join(known)}"
    if kind in ("model_type", "model_attributes_type"):
        return f"write keys below it: {', '.join(place.inner_keys)}"
    for names, remedy in _REMEDIES:
        if kind in names:
            return remedy.format(**context)
    if kind in ("string_type", "string_sub_type"):
        return "write it in quotes" if isinstance(value, bool | int | float) else "write a text"
    if kind.startswith("int_"):
        quoted = isinstance(value, str) and value.strip().isdecimal()
        return "write the number without quotes" if quoted else "write a whole number"
    return "not what this key takes; see docs/configuration.md"


_REMEDIES: tuple[tuple[tuple[str, ...], str], ...] = (
    (("bool_type", "bool_parsing"), "write true or false"),
    (("dict_type", "mapping_type"), "write a mapping: names, each with its value"),
    (("list_type", "sequence_str", "is_instance_of", "tuple_type"), "write a list, such as [first, second]"),
    (("too_short",), "write at least one"),
    (("too_long",), "write at most {max_length}"),
    (("greater_than_equal",), "write at least {ge}"),
    (("less_than_equal",), "write at most {le}"),
    (("greater_than",), "write more than {gt}"),
    (("string_too_short",), "empty; write a text, or remove the key"),
    (("string_too_long",), "write at most {max_length} characters"),
)


def _shown(value: Any, field: FieldInfo | None) -> str:
    """The value, where its field is known to hold no secrets; else what kind of thing it is."""
    if value is UNREAD:
        return ""
    harmless = field is not None and _is_shown(field)
    return _word(value) if harmless else _kind(value)


def _word(value: Any) -> str:
    text = repr(value) if isinstance(value, str | int | float) else ""
    suspicious = "://" in text or "@" in text or "-----" in text or not 0 < len(text) <= _LONGEST_SHOWN
    return _kind(value) if suspicious else text


def _kind(value: Any) -> str:
    kinds = (
        (bool, "true or false"),
        (str, "a text"),
        (int | float, "a number"),
        (Mapping, "a mapping"),
        (list, "a list"),
    )
    return next((name for kind, name in kinds if isinstance(value, kind)), "nothing")


def _is_shown(field: FieldInfo) -> bool:
    return any(isinstance(mark, Shown) for mark in field.metadata) or _harmless(field.annotation)


def _harmless(annotation: Any) -> bool:
    """Whether an annotation is of numbers, words of a list, or what is marked."""
    if any(isinstance(mark, Shown) for mark in getattr(annotation, "__metadata__", ())):
        return True
    if annotation in (int, bool, float, type(None)) or get_origin(annotation) is Literal:
        return True
    parts = get_args(annotation)
    if hasattr(annotation, "__metadata__"):
        parts = parts[:1]
    if isinstance(get_origin(annotation), type) and issubclass(get_origin(annotation), Mapping):
        parts = parts[1:]
    return bool(parts) and all(_harmless(part) for part in parts)


def _at(data: Any, path: Path) -> Any:
    """The value at `path`, None where there is none."""
    for step in path:
        if data is UNREAD:
            return UNREAD
        try:
            data = data[step]
        except (LookupError, TypeError):
            return None
    return data


@dataclass(frozen=True)
class _Section:
    """A section, and what names it where several may stand: pydantic puts such a tag into the location."""

    model: type[BaseModel]
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Place:
    """What a location means: a key path, and what is declared there."""

    path: Path
    # The innermost field on the way, and where it is.
    field: FieldInfo | None
    field_path: Path
    # What the last step may be a key of, and what may be below it.
    sections: tuple[_Section, ...]
    below: tuple[_Section, ...]

    @property
    def keys(self) -> list[str]:
        return _keys(self.sections)

    @property
    def inner_keys(self) -> list[str]:
        return _keys(self.below)


def _walk(model: type[BaseModel], location: Path) -> _Place:
    path: list[str | int] = []
    here = below = [_Section(model)]
    field: FieldInfo | None = None
    field_path: Path = ()
    for step in location:
        if step == "[key]":
            continue
        if not isinstance(step, int):
            here = below
            if len(here) > 1:
                below = [section for section in here if step in section.tags]
                continue
            fields = here[0].model.model_fields if here else {}
            found = next((each for name, each in fields.items() if step in (each.alias, name)), None)
            # A step that is no field is a name in a mapping, or an unknown key.
            below = _sections(found.annotation) if found else here
            if found:
                field, field_path = found, (*path, step)
        path.append(step)
    return _Place(tuple(path), field, field_path, tuple(below if len(below) > 1 else here), tuple(below))


def _written(data: Any, location: Path) -> Path:
    """The location as far as the file goes: `train: model/train.py` is short for a section."""
    for number, step in enumerate(location):
        if isinstance(data, str):
            return location[:number]
        data = data[step] if _has(data, step) else data
    return location


def _has(data: Any, step: str | int) -> bool:
    if isinstance(data, Mapping):
        return step in data
    return isinstance(data, list) and isinstance(step, int) and step < len(data)


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
