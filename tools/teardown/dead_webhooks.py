"""What answers for others but has nobody behind it: webhooks and APIServices of the stack's without an endpoint.

A webhook that must answer lets no finalizer be removed, and an APIService that does not answer lets no namespace end.
"""

from components.clients import cluster_api as api
from components.clients.cluster_api import ApiResource, Cluster
from tools.teardown.inventory import Inventory
from tools.teardown.leftovers import Left

_SLICES = ApiResource("discovery.k8s.io", "v1", "EndpointSlice", "endpointslices", True)


def dead_webhooks(cluster: Cluster, inventory: Inventory) -> list[Left]:
    """Raises ClusterError."""
    found = []
    for kind in (api.VALIDATING, api.MUTATING, api.API_SERVICE):
        for each in cluster.list(kind):
            hooks = each.get("webhooks") or []
            services = [hook["clientConfig"].get("service") for hook in hooks] or [each.get("spec", {}).get("service")]
            ours = [service for service in services if service and service["namespace"] in inventory.namespaces]
            dead = [service for service in ours if not _answered(cluster, service["namespace"], service["name"])]
            if dead:
                why = f"nothing is behind its Service {dead[0]['namespace']}/{dead[0]['name']}"
                found.append(Left(kind, "", each["metadata"]["name"], why))
    return found


def _answered(cluster: Cluster, namespace: str, service: str) -> bool:
    slices = cluster.list(_SLICES, namespace, labels=f"kubernetes.io/service-name={service}")
    return any(
        endpoint.get("conditions", {}).get("ready") for each in slices for endpoint in each.get("endpoints") or []
    )
