"""Which series the parts of a stack have."""

from pathlib import Path

import yaml


def of(part: str) -> set[str]:
    return set(_read()[part]["series"])


def at_once(part: str) -> set[str]:
    """Those that a part has before anything happened to it."""
    return of(part) - set(_read()[part].get("late", ()))


def parts() -> list[str]:
    return list(_read())


def every() -> set[str]:
    return {name for part in parts() for name in of(part)}


def _read() -> dict[str, dict[str, list[str]]]:
    found: dict[str, dict[str, list[str]]] = yaml.safe_load((Path(__file__).parent / "series.yaml").read_text())
    return found
