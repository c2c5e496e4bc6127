"""Objects of others that stand on what a stack would remove."""

from components.clients import cluster_api as api
from components.clients.cluster_api import Cluster
from components.dynamic.crd_cleanup import objects
from tools.teardown.inventory import Inventory


def dependents(cluster: Cluster, inventory: Inventory) -> list[str]:
    """Objects outside the stack whose kind goes with it: Helm would delete them with their CRD. Raises ClusterError."""
    found = []
    for crd in cluster.list(api.CRD):
        if not inventory.whose(api.CRD.api_version, api.CRD.kind, crd["metadata"]):
            continue
        kind = crd["spec"]["names"]["kind"]
        for each in objects(cluster, crd):
            metadata = each["metadata"]
            namespace = metadata.get("namespace", "")
            # What a controller made of another object goes with that one.
            if namespace in inventory.namespaces or metadata.get("ownerReferences"):
                continue
            if not inventory.whose(each["apiVersion"], kind, metadata):
                found.append(f"{kind} {namespace}/{metadata['name']}" if namespace else f"{kind} {metadata['name']}")
    return sorted(found)
