"""Contradictions in what a container asks for."""

from collections.abc import Iterator
from decimal import Decimal

from components.settings.problems import Path, Problem, fault, key_of, missing
from components.settings.quantity import parse
from components.settings.resources import KSERVE_DEFAULTS, Resources


def request_over_limit(resources: Resources, at: Path) -> Iterator[Problem]:
    for name in ("cpu", "memory"):
        request, limit = getattr(resources.requests, name), getattr(resources.limits, name)
        if request and limit and parse(request) > parse(limit):
            yield fault((*at, "requests", name), request, f"more than the limit {limit}; write at most that")


def filled_by_kserve(resources: Resources, at: Path) -> Iterator[Problem]:
    """What is left out of a model's, and contradicts the rest once KServe has filled it in."""
    for name, default in KSERVE_DEFAULTS.items():
        request, limit = getattr(resources.requests, name), getattr(resources.limits, name)
        if limit and not request and _is_more(default, limit):
            said = f"KServe writes {default} where nothing is, more than {key_of((*at, 'limits', name))} {limit}"
            yield missing((*at, "requests", name), f"{said}; write both")
        if request and not limit and _is_more(request, default):
            said = f"KServe writes {default} where nothing is, less than {key_of((*at, 'requests', name))} {request}"
            yield missing((*at, "limits", name), f"{said}; write both")


def _is_more(one: str, other: str) -> bool:
    amounts: tuple[Decimal, Decimal] = (parse(one), parse(other))
    return amounts[0] > amounts[1]
