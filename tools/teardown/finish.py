"""Finish a destroy that cannot end by itself."""

from collections.abc import Callable, Sequence

from components.clients.cluster_api import CRD, NAMESPACE, Cluster
from components.clients.waiting import wait_out
from tools.teardown.blocked import Blocked, blocked
from tools.teardown.dead_webhooks import dead_webhooks
from tools.teardown.inventory import Inventory
from tools.teardown.leftovers import Left, leftovers
from tools.teardown.watch import terminating

SWEEP_WITHIN = 180.0  # seconds

Say = Callable[[str], None]


def free(cluster: Cluster, hooks: Sequence[Left], objects: Sequence[Blocked], say: Say) -> None:
    """Remove the webhooks and APIServices that nobody answers for, then the finalizers that nobody removes."""
    for hook in hooks:
        say(f"removing {hook}")
        cluster.delete(hook.path)
    for each in objects:
        say(f"removing the finalizer {', '.join(each.finalizers)} of {each.kind.kind} {each.namespace}/{each.name}")
        cluster.patch(
            each.kind.path(each.namespace, each.name), {"metadata": {"finalizers": list(each.others) or None}}
        )


def unstick(cluster: Cluster, inventory: Inventory, say: Say) -> None:
    """Free what is being deleted and does not go.

    The garbage collector ends Knative's webhooks first, whose rules then refuse every further change of its objects.
    """
    deleted = [each for each in blocked(cluster, inventory) if each.deleting]
    free(cluster, dead_webhooks(cluster, inventory), deleted, say)


def sweep(cluster: Cluster, inventory: Inventory, say: Say, within: float = SWEEP_WITHIN) -> list[str]:
    """Remove what of the stack is left, until nothing is; return what could not be removed, with reasons.

    What a controller of others' still holds is waited for `within` seconds; nothing but the stack's own is removed.
    """
    said: set[str] = set()

    def removing() -> list[Left]:
        # What is deleted here may wait for a controller that went before.
        free(cluster, dead_webhooks(cluster, inventory), blocked(cluster, inventory), say)
        removable = [each for each in leftovers(cluster, inventory) if not each.stays]
        for each in _now(removable):
            if each.path not in said:
                say(f"removing {each}")
                said.add(each.path)
            cluster.delete(each.path)
        return removable

    wait_out(removing, within, every=2)
    return [*map(str, leftovers(cluster, inventory)), *terminating(cluster, inventory)]


def _now(removable: Sequence[Left]) -> Sequence[Left]:
    """What can go in this round: kinds wait for the objects, namespaces for the kinds."""
    for later in (NAMESPACE.kind, CRD.kind):
        before = [each for each in removable if each.kind.kind != later]
        removable = before or removable
    return removable


def settled(cluster: Cluster, inventory: Inventory, within: float = 60.0) -> list[Left]:
    """What is left once what is under way has ended: empty after a complete destroy. Raises ClusterError."""
    return wait_out(lambda: leftovers(cluster, inventory), within, every=2)
