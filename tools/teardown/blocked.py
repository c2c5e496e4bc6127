"""Objects that cannot go: their finalizer's controller is not there."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from components.clients.cluster_api import CRD, ApiResource, Cluster
from components.settings.parts.part import Controller
from tools.teardown.controllers import absences, finalized, finalizers
from tools.teardown.inventory import Inventory


@dataclass(frozen=True)
class Blocked:
    """An object with finalizers that nobody removes; `why` names the controllers and what is the matter with them."""

    kind: ApiResource
    namespace: str
    name: str
    finalizers: tuple[str, ...]
    # What stays, so that those of living controllers run.
    others: tuple[str, ...]
    why: str
    deleting: bool

    def __str__(self) -> str:
        state = " is being deleted and" if self.deleting else ", when deleted,"
        return (
            f"{self.kind.kind} {self.namespace}/{self.name}{state} waits for its finalizer "
            f"{', '.join(self.finalizers)}: {self.why}"
        )


def blocked(cluster: Cluster, inventory: Inventory) -> list[Blocked]:
    """What of the stack cannot go by itself. Raises ClusterError."""
    absent = absences(cluster)
    if not absent:
        return []
    names = finalized()
    kinds = [ApiResource.of(crd) for crd in cluster.list(CRD) if crd["metadata"]["name"] in names]
    return [each for kind in kinds for each in _of(cluster, kind, inventory, absent)]


def _of(
    cluster: Cluster, kind: ApiResource, inventory: Inventory, absent: Mapping[Controller, str]
) -> Iterator[Blocked]:
    known = {name: set(each.controllers) for name, each in finalizers().items()}
    for each in cluster.list(kind, metadata=True):
        metadata = each["metadata"]
        if metadata["namespace"] not in inventory.namespaces and not inventory.whose(
            kind.api_version, kind.kind, metadata
        ):
            continue
        held = metadata.get("finalizers") or []
        dead = [name for name in held if absent.keys() & known.get(name, set())]
        if dead:
            missing = {controller for name in dead for controller in known[name]} & absent.keys()
            yield Blocked(
                kind=kind,
                namespace=metadata["namespace"],
                name=metadata["name"],
                finalizers=tuple(dead),
                others=tuple(name for name in held if name not in dead),
                why=", ".join(f"{controller} {absent[controller]}" for controller in sorted(missing, key=str)),
                deleting="deletionTimestamp" in metadata,
            )
