"""A server with one volume: what the database and the object store have in common."""

from collections.abc import Mapping
from typing import Any, Protocol

import pulumi_kubernetes as k8s
from pulumi import Input, Output, ResourceOptions

from components.kubernetes import pods
from components.kubernetes.namespaces import DATA_ACCOUNT
from components.settings.images import Images


class Stored(Protocol):
    """The settings of a server's volume."""

    @property
    def storage(self) -> str: ...
    @property
    def volume_permissions(self) -> bool: ...


def probes(check: dict[str, Any]) -> dict[str, Any]:
    """One check as all three probes; a first start may take minutes on a slow disk."""
    return {
        "startupProbe": {**check, "periodSeconds": 1, "failureThreshold": 180, "timeoutSeconds": 5},
        "readinessProbe": {**check, "periodSeconds": 5, "timeoutSeconds": 5},
        "livenessProbe": {**check, "periodSeconds": 20, "timeoutSeconds": 5, "failureThreshold": 6},
    }


def volume(name: str, namespace: Output[str], settings: Stored, opts: ResourceOptions) -> Output[str]:
    """Declare the server's volume and return its claim's name.

    A claim that a StatefulSet makes from its template is not the program's: it could not be protected, and a bigger
    one would replace the StatefulSet.
    """
    return k8s.core.v1.PersistentVolumeClaim(
        name,
        # It may be bound only when its pod is there, which waits for it.
        metadata={"name": name, "namespace": namespace, "annotations": {"pulumi.com/skipAwait": "true"}},
        spec={"access_modes": ["ReadWriteOnce"], "resources": {"requests": {"storage": settings.storage}}},
        opts=opts,
    ).metadata["name"]


def spec(
    name: str,
    labels: dict[str, str],
    container: dict[str, Any],
    settings: Stored,
    images: Images,
    claim: Input[str],
    *,
    user: int,
    mount: str,
    volumes: tuple[dict[str, Any], ...] = (),
    annotations: Mapping[str, Input[str]] | None = None,
) -> dict[str, Any]:
    """The `spec` of a StatefulSet of one pod: `container` run by `user`, `claim` at `mount`, /tmp and `volumes`."""
    scratch, tmp = pods.scratch("tmp")
    owner = pods.own_volume(images["volume-permissions"], "data", user)
    mounts = [{"name": "data", "mountPath": mount}, tmp, *container.get("volumeMounts", [])]
    return {
        "serviceName": name,
        # In order, a pod that never got ready is not replaced by its own correction
        # (https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#forced-rollback).
        "podManagementPolicy": "Parallel",
        "replicas": 1,
        "selector": {"matchLabels": labels},
        "template": {
            "metadata": {"labels": labels, "annotations": dict(annotations or {})},
            "spec": {
                "serviceAccountName": DATA_ACCOUNT,
                "automountServiceAccountToken": False,
                "securityContext": pods.pod_security(user),
                "initContainers": [owner] if settings.volume_permissions else [],
                "containers": [{**container, "securityContext": pods.CONTAINER, "volumeMounts": mounts}],
                "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": claim}}, scratch, *volumes],
            },
        },
    }
