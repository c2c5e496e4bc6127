"""Contradictions in what keeps the parts of a stack apart."""

from collections.abc import Iterator

from components.settings.problems import Problem, fault
from components.settings.rotated import secrets
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


def rotations_without_use(settings: Settings) -> Iterator[Problem]:
    made = secrets(settings)
    for what, count in settings.rotations.items():
        if what not in made:
            yield fault(
                ("rotations", what),
                count,
                "without effect: the stack makes no such secret; remove it (what you gave it yourself is set with "
                "`pulumi config set`)",
            )


RULES = (volume_permissions, rotations_without_use)
