"""Namespaces that are somebody else's."""

from collections.abc import Iterator

from components.settings import parts
from components.settings.problems import Path, Problem, fault
from components.settings.stack import Settings

# Of Kubernetes, and of kind's storage.
_SYSTEM = {"default", "local-path-storage"}


def check(settings: Settings) -> Iterator[Problem]:
    named: list[tuple[Path, str]] = [
        (("namespaces", "data"), settings.namespaces.data),
        (("namespaces", "models"), settings.namespaces.models),
        *((("teams", index, "name"), team.name) for index, team in enumerate(settings.teams)),
    ]
    taken = _SYSTEM | {namespace.name for part in parts.PARTS for namespace in part.namespaces}
    taken.add(settings.ingress.gateway.namespace)
    if settings.database.cloud_native_pg:
        taken.add(settings.database.cloud_native_pg.operator_namespace)
    for key, name in named:
        if name in taken or name.startswith("kube-"):
            yield fault(
                key, name, "this namespace is Kubernetes' own, or named for something else too; write another name"
            )
        taken.add(name)


RULES = (check,)
