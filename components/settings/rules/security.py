"""Contradictions in what keeps the parts of a stack apart."""

from collections.abc import Iterator

from components.settings.problems import Problem, fault
from components.settings.stack import Settings


def check(settings: Settings) -> Iterator[Problem]:
    if settings.security.pod_security == "restricted":
        for key, store in (("database", settings.database), ("objectStore", settings.object_store)):
            if store.volume_permissions:
                yield fault(
                    (key, "volumePermissions"),
                    True,
                    "its init container runs as root, which `security.podSecurity: restricted` refuses; use a storage "
                    "class that honours fsGroup and remove this key, or write podSecurity: baseline",
                )
    for index, model in enumerate(settings.models):
        for number, toleration in enumerate(model.tolerations):
            at = ("models", index, "tolerations", number)
            if toleration.operator == "Exists" and toleration.value is not None:
                yield fault((*at, "value"), toleration.value, "`operator: Exists` takes no value; remove this key")
            if toleration.operator == "Equal" and toleration.key is None:
                yield fault((*at, "key"), None, "write the taint's key, or `operator: Exists` for every taint")
