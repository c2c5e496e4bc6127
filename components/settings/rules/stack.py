"""Settings that are right one by one and wrong together."""

from components.settings.problems import Problem
from components.settings.rules import (
    cluster,
    data,
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


def check(settings: Settings) -> list[Problem]:
    """Every contradiction in `settings`, in the order of its sections."""
    areas = (images, cluster, platform, ingress, namespaces, teams, security, data, models)
    return [*(found for area in areas for found in area.check(settings)), *scaling.check_queries(settings)]
