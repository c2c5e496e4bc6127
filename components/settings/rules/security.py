"""Contradictions in what keeps the parts of a stack apart."""

from collections.abc import Iterator

from components.settings.problems import Problem, fault
from components.settings.stack import Settings


def volume_permissions(settings: Settings) -> Iterator[Problem]:
    if settings.security.pod_security != "restricted":
        return
    for key, store in (("database", settings.database), ("objectStore", settings.object_store)):
        if store.volume_permissions:
            yield fault(
                (key, "volumePermissions"),
                True,
                "its init container runs as root, which `security.podSecurity: restricted` refuses; use a storage "
                "class that honours fsGroup and remove this key, or write podSecurity: baseline",
            )


RULES = (volume_permissions,)
