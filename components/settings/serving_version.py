"""The version of Knative Serving that a stack asks for, as its operator reads it."""

import re

from components.settings.versions import CARRIED, Carried

# The API server refuses a number, and the operator a version without its minor part.
_FORM = re.compile(r"\d+\.\d+(\.\d+)?")


def is_version(text: object) -> bool:
    return isinstance(text, str) and bool(_FORM.fullmatch(text))


def _line(version: str) -> str:
    major, minor = version.split(".")[:2]
    return f"{major}.{minor}"


def is_carried(version: str) -> bool:
    return _line(version) in CARRIED


def carried(version: str) -> Carried:
    """What the operator has of the version's line. Raises KeyError for a line that it does not carry."""
    return CARRIED[_line(version)]


def exact(version: str) -> str:
    """The version with its patch: of a minor version alone the operator takes the newest."""
    return carried(version).serving if version == _line(version) else version
