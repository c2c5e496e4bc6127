"""Two things at one host name, and names that are too long."""

from collections.abc import Iterator

from components.settings.problems import Path, Problem, fault
from components.settings.stack import Settings

_LONGEST_LABEL, _LONGEST = 63, 253


def check(settings: Settings) -> Iterator[Problem]:
    first: dict[str, str] = dict.fromkeys(settings.tracking.hosts, "MLflow (tracking.hosts)")
    if settings.dashboards_host in first:
        position = list(settings.tracking.hosts).index(settings.dashboards_host)
        yield fault(
            ("tracking", "hosts", position), settings.dashboards_host, "Grafana answers at this host; write another"
        )
    for at, owner, host in _of_models(settings):
        if host in first and first[host] != owner:
            yield fault(at, owner, f"answers at {host}, as {first[host]} does; write another name, team or host")
        first.setdefault(host, owner)
        if len(host.partition(".")[0]) > _LONGEST_LABEL or len(host) > _LONGEST:
            yield fault(at, owner, f"its host name would be {host}, which is too long; write a shorter name or domain")


def _of_models(settings: Settings) -> Iterator[tuple[Path, str, str]]:
    for index, model in enumerate(settings.models):
        for version in model.versions:
            yield ("models", index, "name"), version.name, settings.host_of(version)


RULES = (check,)
