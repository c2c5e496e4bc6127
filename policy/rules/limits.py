"""No container takes a node from the others."""

from collections.abc import Iterator, Mapping
from typing import Any

from policy.resource import UNKNOWN, Resource, chart_key, containers, walk

# No limit of cpu is asked for: one that throttles a server helps nobody, and the request already shares the node out.
_NEEDED = (("requests", "cpu"), ("requests", "memory"), ("limits", "memory"))
_OWN = (
    "the `resources` of slipway:models[], slipway:models[].train, slipway:tracking, slipway:database or "
    "slipway:objectStore"
)


def missing(resources: Any) -> list[str]:
    """What a container's `resources` lacks, such as `limits.memory`."""
    if resources is UNKNOWN:
        return []
    given = resources if isinstance(resources, Mapping) else {}
    return [f"{part}.{name}" for part, name in _NEEDED if not (given.get(part) or {}).get(name)]


def requests_and_limits(resource: Resource) -> Iterator[str]:
    """Requests of cpu and memory and a limit of memory, on every container and wherever a chart is told resources."""
    for container in containers(resource):
        if lacks := missing(container.spec.get("resources")):
            yield f"{container.title}: no {', no '.join(lacks)}; write it in {_OWN}"
    database = resource.kind == "Cluster" and resource.group.startswith("postgresql.cnpg.io/")
    if database and (lacks := missing(resource.get("spec", "resources"))):
        yield f"{resource.title}: no {', no '.join(lacks)}; write it in slipway:database.resources"
    if resource.kind == "Release":
        for path, value in walk(resource.get("values")):
            said = (
                path
                and path[-1] == "resources"
                and isinstance(value, Mapping)
                and ("requests" in value or "limits" in value)
            )
            if said and (lacks := missing(value)):
                yield f"{resource.title}: no {', no '.join(lacks)}; write it in {chart_key(resource, path)}"
