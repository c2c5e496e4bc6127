"""What Slipway's own pods have in common."""

from typing import Any

# Pod Security "restricted" (https://kubernetes.io/docs/concepts/security/pod-security-standards/).
CONTAINER: dict[str, Any] = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "readOnlyRootFilesystem": True,
}

# Of a container that runs one command of MLflow's and ends: Python with its libraries loaded.
SMALL: dict[str, Any] = {"requests": {"cpu": "50m", "memory": "256Mi"}, "limits": {"cpu": "1", "memory": "1Gi"}}


def labels(name: str) -> dict[str, str]:
    """Of a workload of Slipway's own; its NetworkPolicy, budget and spread select it by them."""
    return {"app.kubernetes.io/name": name, "app.kubernetes.io/part-of": "slipway"}


def pod_security(user: int) -> dict[str, Any]:
    return {
        "runAsNonRoot": True,
        "runAsUser": user,
        "runAsGroup": user,
        "fsGroup": user,
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def own_volume(image: str, volume: str, user: int) -> dict[str, Any]:
    """An init container that makes `user` the owner of a volume; the one place where root is needed."""
    return {
        "name": "volume-permissions",
        "image": image,
        "command": ["chown", f"{user}:{user}", "/volume"],
        "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}, "limits": {"cpu": "100m", "memory": "64Mi"}},
        "securityContext": {
            "runAsUser": 0,
            "runAsGroup": 0,
            "runAsNonRoot": False,
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"], "add": ["CHOWN"]},
            "readOnlyRootFilesystem": True,
        },
        "volumeMounts": [{"name": volume, "mountPath": "/volume"}],
    }


def secret_env(name: str, secret: Any, key: str, *, optional: bool = False) -> dict[str, Any]:
    """An environment variable that is a key of a Secret; an optional one is not set where there is no such key."""
    reference = {"name": secret, "key": key, **({"optional": True} if optional else {})}
    return {"name": name, "valueFrom": {"secretKeyRef": reference}}


def env(variables: dict[str, Any]) -> list[dict[str, Any]]:
    """Plain environment variables, in a stable order."""
    return [{"name": name, "value": value} for name, value in sorted(variables.items())]


def http_probe(path: str, port: int, **timing: int) -> dict[str, Any]:
    return {"httpGet": {"path": path, "port": port}, **timing}


def scratch(name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """A volume that a container may write to, and its mount at /tmp."""
    return {"name": name, "emptyDir": {}}, {"name": name, "mountPath": "/tmp"}
