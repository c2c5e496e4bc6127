"""What a run that was killed left half done: found before the next one, and mended or told."""

import json
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from components.clients import cluster_api as api
from components.clients import kubeconfig
from components.clients.cluster_api import Cluster, ClusterError
from components.dynamic import kind_cluster
from components.dynamic.kind_cluster import KindCluster
from components.errors import SlipwayError
from tools.engine import process, state
from tools.engine.cluster import reachable
from tools.engine.stack import Stack
from tools.teardown.inventory import Inventory

Say = Callable[[str], None]
# What Helm's records say while it works (https://helm.sh/docs/topics/advanced/#storage-backends).
_HALF_DONE = ("pending-install", "pending-upgrade", "pending-rollback")


def begun(pending: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The resources that were being made, and may be there, as the state would have them."""
    resources = [each["resource"] for each in pending if each.get("type") == "creating"]
    return [{**each, "outputs": each.get("outputs") or each.get("inputs") or {}} for each in resources]


def remove_half_made_cluster(stack: Stack, resources: Sequence[Mapping[str, Any]], say: Say) -> None:
    """Remove the kind cluster that this checkout began and whose end the state never heard of."""
    file = kubeconfig.own(stack.folder)
    if not stack.values["cluster"].get("kind") or any(each["type"] == KindCluster.token for each in resources):
        return
    if name := kind_cluster.half_made(file):
        say(f"the kind cluster {name} was being made by a run that did not end: it is removed")
        kind_cluster.remove_half_made(file)


def mend_releases(stack: Stack, known: state.Known, say: Say) -> bool:
    """Have Helm forget what it was in the middle of; whether there was anything.

    A record that says `pending` stops every later install and upgrade. Only releases that the state names, and those in
    namespaces that the stack made, are its own. What is on the cluster stays, and the next run goes on with it.
    """
    try:
        cluster = reachable(stack)
        if not cluster:
            return False
        found = list(_half_done(cluster, Inventory.of([*known.resources, *begun(known.pending)])))
        for path, what in found:
            say(f"{what}, which a run that did not end left: Helm's record of it is removed")
            cluster.delete(path)
    except ClusterError:
        return False
    return bool(found)


def _half_done(cluster: Cluster, inventory: Inventory) -> Iterator[tuple[str, str]]:
    """The path of each record, and what it says."""
    for record in cluster.list(api.SECRET, labels="owner=helm", metadata=True):
        metadata = record["metadata"]
        namespace, labels = metadata["namespace"], metadata.get("labels") or {}
        name, status = labels.get("name"), labels.get("status")
        if status in _HALF_DONE and (namespace in inventory.namespaces or (namespace, name) in inventory.releases):
            yield api.SECRET.path(namespace, metadata["name"]), f"release {namespace}/{name}: {status}"


def forget(stack: Stack, known: state.Known, env: Mapping[str, str]) -> None:
    """Take the operations that a killed run had begun off the state, once a whole run has gone over them.

    Pulumi keeps them for ever, because it cannot tell whether something is there that it does not know.
    """
    if not known.pending:
        return
    content = state.exported(stack, env)
    content["deployment"].pop("pending_operations", None)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "state.json"
        file.write_text(json.dumps(content))
        if code := process.pulumi(["stack", "import", "--stack", stack.name, "--file", str(file)], env):
            raise SlipwayError(f"the operations of an interrupted run could not be taken off the state (code {code})")
