"""Who removes which finalizer, and whether it is there to do so."""

from components.clients.cluster_api import DEPLOYMENT, Cluster, Object
from components.settings import parts
from components.settings.parts.part import Controller, Finalizer


def finalizers() -> dict[str, Finalizer]:
    """The finalizers of the platform's parts, by name."""
    return {each.name: each for part in parts.PARTS for each in part.finalizers}


def finalized() -> set[str]:
    """The kinds that carry them, by CRD name."""
    return {kind for each in finalizers().values() for kind in each.kinds}


def absences(cluster: Cluster) -> dict[Controller, str]:
    """The controllers that cannot work now, and why. Raises ClusterError."""
    deployments = cluster.list(DEPLOYMENT)
    wanted = {controller for each in finalizers().values() for controller in each.controllers}
    return {each: reason for each in wanted if (reason := _absence(each, deployments))}


def _absence(controller: Controller, deployments: list[Object]) -> str | None:
    found = [each for each in deployments if each["metadata"]["name"] == controller.name]
    at_home = [each for each in found if each["metadata"]["namespace"] == controller.namespace]
    for each in at_home or (found if controller.telling else []):
        if each.get("status", {}).get("availableReplicas"):
            return None
        return "has 0 replicas" if each["spec"].get("replicas") == 0 else "has no pod that is ready"
    return "is not there"
