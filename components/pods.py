"""What Slipway's own pods have in common."""

from typing import Any

# Pod Security "restricted" (https://kubernetes.io/docs/concepts/security/pod-security-standards/).
CONTAINER: dict[str, Any] = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "readOnlyRootFilesystem": True,
}


# For a container that runs for a moment.
SMALL: dict[str, Any] = {"requests": {"cpu": "10m", "memory": "32Mi"}, "limits": {"memory": "128Mi"}}


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
        "resources": SMALL,
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


def secret_env(name: str, secret: Any, key: str) -> dict[str, Any]:
    """An environment variable that is a key of a Secret."""
    return {"name": name, "valueFrom": {"secretKeyRef": {"name": secret, "key": key}}}


def env(variables: dict[str, Any]) -> list[dict[str, Any]]:
    """Plain environment variables, in a stable order."""
    return [{"name": name, "value": value} for name, value in sorted(variables.items())]


def http_probe(path: str, port: int, **timing: int) -> dict[str, Any]:
    return {"httpGet": {"path": path, "port": port}, **timing}


def scratch(name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """A volume that a container may write to, and its mount at /tmp."""
    return {"name": name, "emptyDir": {}}, {"name": name, "mountPath": "/tmp"}
