"""Settings that are right one by one and wrong together."""

from collections.abc import Iterator

from components.settings.problems import Problem
from components.settings.rules import (
    cluster,
    data,
    hosts,
    images,
    ingress,
    models,
    namespaces,
    platform,
    scaling,
    security,
    teams,
)
from components.settings.stack import Settings
from components.settings.unread import NotRead


def check(settings: Settings, *, partly_read: bool = False) -> list[Problem]:
    """Every contradiction in `settings`, in the order of its sections; what is UNREAD contradicts nothing."""
    areas = (images, cluster, platform, ingress, namespaces, teams, security, data, models, scaling, hosts)
    # What is written in C says TypeError of UNREAD, and `type()` knows its class.
    silent = (NotRead, TypeError, AttributeError) if partly_read else ()
    return [found for area in areas for rule in area.RULES for found in _told(rule(settings), silent)]


def notes(settings: Settings) -> list[Problem]:
    """What is no fault, and has no effect: a person may take it for more than it is."""
    return list(images.charts_without_need(settings))


def _told(found: Iterator[Problem], silent: tuple[type[Exception], ...]) -> Iterator[Problem]:
    """What a rule tells, up to where it asks for a value that could not be read."""
    try:
        yield from found
    except silent:
        return
