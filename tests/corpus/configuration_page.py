"""docs/configuration.md, made of the settings' models and of the corpus: python -m tests.corpus.configuration_page."""

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from components.settings import Settings, SettingsError, parse_settings
from tests import corpus

_HEADING = """# Configuration

Every key of a stack file, `Pulumi.<stack>.yaml`, below `config:`. `[]` stands for each entry of a list, `<name>` for
each name of a mapping. An example stands in a file that is right; a fault is what `make check` says of a wrong one.

This page is made of the settings' own types and of the files in `tests/corpus`:
`python -m tests.corpus.configuration_page > docs/configuration.md`.
"""
_MOST_FAULTS = 12


def page() -> str:
    """The whole page."""
    schema = Settings.model_json_schema(by_alias=True)
    examples, faults = _examples(), _faults()
    lines = [_HEADING]
    for key, field, required in _keys(schema, schema["$defs"]):
        if "." not in key:
            lines.append(f"\n## {key}\n")
        lines.append(_entry(key, field, required, examples, faults, schema["$defs"]))
    return "\n".join(lines).rstrip() + "\n"


def _entry(
    key: str,
    field: Mapping[str, Any],
    required: bool,
    examples: Mapping[str, Any],
    faults: Mapping[str, list[str]],
    definitions: Mapping[str, Any],
) -> str:
    parts = [_type(field, definitions)]
    if required:
        parts.append("required")
    elif field.get("default") not in (None, {}, []):
        parts.append(f"default `{_written(field['default'])}`")
    if key in examples:
        parts.append(f"such as `{_written(examples[key])}`")
    described = field.get("description") or _definition(field, definitions).get("description", "")
    text = f"**`slipway:{key}`** — {', '.join(parts)}. {' '.join(described.split())}".rstrip()
    return "\n".join([f"{text}\n", *(f"- {each}" for each in faults.get(key, [])[:_MOST_FAULTS]), ""])


def _keys(
    section: Mapping[str, Any], definitions: Mapping[str, Any], path: str = "", above: tuple[str, ...] = ()
) -> Iterator[tuple[str, Mapping[str, Any], bool]]:
    """Each key with its schema, and whether it is required; sections before what is in them."""
    for name, field in section.get("properties", {}).items():
        key = f"{path}.{name}" if path else name
        yield key, field, name in section.get("required", ())
        for suffix, below in _below(field):
            if below not in above:
                yield from _keys(definitions[below], definitions, f"{key}{suffix}", (*above, below))


def _below(field: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The sections inside of a field, and how their keys are reached."""
    if "$ref" in field:
        yield "", field["$ref"].rpartition("/")[2]
    for each in (*field.get("anyOf", ()), *field.get("oneOf", ())):
        yield from _below(each)
    if "items" in field:
        yield from ((f"[]{suffix}", name) for suffix, name in _below(field["items"]))
    if isinstance(field.get("additionalProperties"), Mapping):
        yield from ((f".<name>{suffix}", name) for suffix, name in _below(field["additionalProperties"]))


def _definition(field: Mapping[str, Any], definitions: Mapping[str, Any]) -> Mapping[str, Any]:
    names = [name for suffix, name in _below(field) if not suffix]
    return definitions[names[0]] if len(names) == 1 else {}


def _type(field: Mapping[str, Any], definitions: Mapping[str, Any]) -> str:
    """What a key takes, in words."""
    if "enum" in field:
        return "one of " + ", ".join(f"`{each}`" for each in field["enum"])
    if "const" in field:
        return f"`{field['const']}`"
    if "$ref" in field:
        return "a section"
    options = [each for each in (*field.get("anyOf", ()), *field.get("oneOf", ())) if each.get("type") != "null"]
    if options:
        words = dict.fromkeys("a secret" if _is_secret(each) else _type(each, definitions) for each in options)
        return " or ".join(words)
    kind = field.get("type")
    if kind == "integer":
        return f"a number{_range(field)}"
    names = {"boolean": "true or false", "array": "a list", "object": "a mapping", "number": "a number"}
    return names.get(str(kind), "a text")


def _is_secret(field: Mapping[str, Any]) -> bool:
    return set(field.get("properties", ())) == {"secure"}


def _range(field: Mapping[str, Any]) -> str:
    least, most = field.get("minimum"), field.get("maximum")
    if least is not None and most is not None and most < 2**31 - 1:
        return f" from {least} to {most}"
    return f" from {least}" if least is not None else ""


def _written(value: Any) -> str:
    """A value as a stack file has it, in one line."""
    text = value if isinstance(value, str) else json.dumps(value)
    return " ".join(text.split()).replace("|", "\\|") if len(text) <= 100 else f"{' '.join(text.split())[:97]}..."


def _examples() -> dict[str, Any]:
    """By key, a value that a right file has."""
    found: dict[str, Any] = {}
    for case in corpus.right():
        for key, value in _values(case.settings):
            if "-----" not in str(value):
                found.setdefault(key, value)
    return found


def _values(value: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for name, below in value.items():
            yield from _values(below, f"{key}.{name}" if key else str(name))
    elif isinstance(value, list):
        for below in value:
            yield from _values(below, f"{key}[]")
    elif value not in (None, ""):
        yield key, value


def _faults() -> dict[str, list[str]]:
    """By key, what is said of wrong files: each remedy once, with the first value that it was for."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for case in corpus.wrong():
        try:
            parse_settings(case.settings)
        except SettingsError as error:
            for problem in error.problems:
                key = re.sub(r"\[\d+\]", "[]", problem.key.removeprefix("slipway:"))
                found[key].setdefault(problem.remedy, problem.value)
    return {key: [_line(*each) for each in faults.items()] for key, faults in found.items()}


def _line(remedy: str, value: str) -> str:
    text = remedy.replace("<", "&lt;")
    return f"`{value}`: {text}" if value else text


if __name__ == "__main__":
    print(page(), end="")
