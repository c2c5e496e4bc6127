"""Says what a destroy waits for, while it waits, and can help it on."""

import contextlib
import threading
from collections.abc import Callable, Iterator

from components.clients.cluster_api import NAMESPACE, Cluster, ClusterError
from tools.teardown.blocked import blocked
from tools.teardown.inventory import Inventory

EVERY = 20.0  # seconds


@contextlib.contextmanager
def watched(
    cluster: Cluster | None,
    inventory: Inventory,
    say: Callable[[str], None],
    help_on: Callable[[], None] = lambda: None,
) -> Iterator[None]:
    """Inside, every new reason that something does not go is said once; `help_on` is called before each look."""
    ended = threading.Event()
    thread = threading.Thread(target=_watch, args=(cluster, inventory, say, help_on, ended), daemon=True)
    if cluster:
        thread.start()
    try:
        yield
    finally:
        ended.set()
        if thread.is_alive():
            thread.join()


def _watch(
    cluster: Cluster,
    inventory: Inventory,
    say: Callable[[str], None],
    help_on: Callable[[], None],
    ended: threading.Event,
) -> None:
    said: set[str] = set()
    while not ended.wait(EVERY):
        # A cluster that does not answer for a moment is asked again.
        with contextlib.suppress(ClusterError):
            help_on()
            for reason in reasons(cluster, inventory):
                if reason not in said:
                    say(f"waiting: {reason}")
                    said.add(reason)


def reasons(cluster: Cluster, inventory: Inventory) -> list[str]:
    """Why what is being deleted is still there: controllers that are gone, then namespaces' own words."""
    stuck = [str(each) for each in blocked(cluster, inventory) if each.deleting]
    return [*stuck, *terminating(cluster, inventory)]


def terminating(cluster: Cluster, inventory: Inventory) -> list[str]:
    """The stack's namespaces that cannot end, each with what Kubernetes says of it."""
    found = []
    for each in cluster.list(NAMESPACE):
        conditions = each.get("status", {}).get("conditions") or []
        said = [str(condition["message"]) for condition in conditions if condition["status"] == "True"]
        name = each["metadata"]["name"]
        if name in inventory.namespaces and said:
            found.append(f"Namespace {name} is Terminating: {' '.join(said)}")
    return found
