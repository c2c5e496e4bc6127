"""Stack files, right and wrong: bases, and what is laid over them (the form is told in the files)."""

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from components.settings import document
from tests.unit.certificates import pair

_FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Case:
    """Settings, what they are laid over and where, and the key that a fault must name; "" where there is none."""

    title: str
    settings: dict[str, Any]
    base: str
    changed: tuple[str, ...]
    key: str = ""


def wrong() -> Iterator[Case]:
    return _cases("wrong.yaml")


def right() -> Iterator[Case]:
    return _cases("right.yaml")


def bases() -> dict[str, dict[str, Any]]:
    """What the cases are laid over, by name."""
    found: dict[str, dict[str, Any]] = _read("bases.yaml")
    return found


@cache
def _read(name: str) -> Any:
    read = document.read((_FOLDER / name).read_bytes())
    assert not read.faults, read.faults
    return read.content


def _cases(name: str) -> Iterator[Case]:
    for base, where, *rest in _read(name):
        if isinstance(where, dict):
            changes, key = [where], rest[0] if rest else ""
            keys = [key]
        else:
            changes = [{where: value} for value in rest[0]]
            keys = [rest[1] if len(rest) > 1 else where] * len(changes)
        for change, key in zip(changes, keys, strict=False):
            title, settings = f"{base}: {str(change)[:150]}", _laid_over(base, change)
            yield Case(title, settings, base, tuple(change), "slipway:" + _in_brackets(key))


def _in_brackets(path: str) -> str:
    """`models.0.name` as `models[0].name`."""
    return "".join(f"[{step}]" if step.isdigit() else f".{step}" for step in path.split(".")).removeprefix(".")


def _laid_over(base: str, change: dict[str, Any]) -> dict[str, Any]:
    settings: dict[str, Any] = copy.deepcopy(bases()[base])
    for path, value in change.items():
        *way, last = [int(step) if step.isdigit() else step for step in path.split(".")]
        place: Any = settings
        for step in way:
            if isinstance(place, dict) and place.get(step) is None:
                place[step] = {}
            place = place[step]
        if value == "DELETE":
            place.pop(last, None)
        else:
            place[last] = _opened(copy.deepcopy(value))
    return settings


def _opened(value: Any) -> Any:
    """With the certificates that `$…` stands for, and encrypted values as they are read from a file."""
    given = {
        "$CA": pair("authority")[0],
        "$CA_KEY": pair("authority")[1],
        "$OTHER_KEY": pair("other")[1],
        "$SERVER": pair("server", authority=False)[0],
        "$SERVER_KEY": pair("server", authority=False)[1],
    }
    if isinstance(value, dict):
        return {key: _opened(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_opened(each) for each in value]
    return given.get(value, value) if isinstance(value, str) else value
