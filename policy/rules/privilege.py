"""Nothing runs with more rights than it needs."""

from collections.abc import Iterator, Mapping
from typing import Any

from policy.resource import Container, Resource, containers, pods

# CHOWN alone hands a new volume to its server's user (volumePermissions); a gateway may bind a low port.
_CAPABILITIES = {"NET_BIND_SERVICE", "CHOWN"}
_SHARED = ("hostNetwork", "hostPID", "hostIPC")
_ROLES = ("Role", "ClusterRole")
_BINDINGS = ("RoleBinding", "ClusterRoleBinding")
_EVERYTHING = "cluster-admin"


def no_privilege(resource: Resource) -> Iterator[str]:
    """No privileged container, nothing of the node's, no capabilities, and no role that may do everything."""
    for pod in pods(resource):
        for key in _SHARED:
            if pod.get(key) is True:
                yield f"{resource.title}: {key} shares the node with the pod; remove it"
        for volume in pod.get("volumes") or ():
            if isinstance(volume, Mapping) and "hostPath" in volume:
                yield f"{resource.title}: the volume {volume.get('name')} is a folder of the node; use a claim"
    for container in containers(resource):
        yield from _container(container)
    if resource.kind in _BINDINGS and resource.get("roleRef", "name") == _EVERYTHING:
        yield f"{resource.title}: gives {_EVERYTHING}; bind a role that holds what is needed"
    if resource.kind in _ROLES:
        for rule in resource.get("rules") or ():
            if isinstance(rule, Mapping) and "*" in (rule.get("verbs") or ()) and "*" in (rule.get("resources") or ()):
                yield f"{resource.title}: every verb on every resource; name those that are needed"


def _container(container: Container) -> Iterator[str]:
    context = _context(container.spec)
    if context.get("privileged") is True:
        yield f"{container.title}: privileged; remove it"
    if context.get("allowPrivilegeEscalation") is not False:
        yield f"{container.title}: can gain privileges; write securityContext.allowPrivilegeEscalation: false"
    capabilities = context.get("capabilities") or {}
    if "ALL" not in (capabilities.get("drop") or ()):
        yield f"{container.title}: keeps capabilities; write securityContext.capabilities.drop: [ALL]"
    if more := sorted(set(capabilities.get("add") or ()) - _CAPABILITIES):
        yield f"{container.title}: has the capabilities {', '.join(more)}; remove them"
    for port in container.spec.get("ports") or ():
        if isinstance(port, Mapping) and port.get("hostPort"):
            yield f"{container.title}: takes the node's port {port['hostPort']}; use a Service"


def no_root(resource: Resource) -> Iterator[str]:
    """Every container runs as a user that is not root."""
    for container in containers(resource):
        own, pod = _context(container.spec), _context(container.pod)
        user = own.get("runAsUser", pod.get("runAsUser"))
        guarded = own.get("runAsNonRoot", pod.get("runAsNonRoot"))
        if user == 0 or guarded is not True:
            remedy = "write securityContext.runAsNonRoot: true"
            if container.spec.get("name") == "volume-permissions":
                remedy = "use a storage class that honours fsGroup, and set `volumePermissions: false` for that server"
            yield f"{container.title}: may run as root; {remedy}"


def _context(spec: Mapping[str, Any]) -> Mapping[str, Any]:
    context = spec.get("securityContext")
    return context if isinstance(context, Mapping) else {}
