"""Nobody is answered without saying who he is."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from policy.resource import UNKNOWN, Resource, containers, walk

_REMEDY_MODEL = "write slipway:ingress.auth (jwt or apiKeys)"
_REMEDY_MLFLOW = "write slipway:tracking.auth: true"
_CALLER = ("notRequestPrincipals", "requestPrincipals", "notPrincipals", "principals")


@dataclass(frozen=True)
class Route:
    """A host that the outside can ask, and the Services that it is led to."""

    resource: Resource
    host: str
    services: frozenset[str]


def authenticated_endpoints(resources: Sequence[Resource]) -> Iterator[tuple[Resource, str]]:
    """Every host at a gateway is behind an AuthorizationPolicy or a server that asks for a password itself."""
    guards = [each for each in resources if each.kind == "AuthorizationPolicy"]
    guarded_servers = {server for each in resources for server in _asks_itself(each)}
    for resource in resources:
        if resource.kind == "Service" and resource.get("spec", "type") in ("LoadBalancer", "NodePort"):
            yield resource, f"{resource.title}: is public by itself, past the gateway; write type: ClusterIP"
    for route in routes(resources):
        if route.services and route.services <= guarded_servers:
            continue
        if any(covers(guard, route) for guard in guards):
            continue
        remedy = _REMEDY_MLFLOW if "mlflow" in route.services else _REMEDY_MODEL
        where = f"https://{route.host}" if route.host != "*" else "every host"
        yield route.resource, f"{route.resource.title}: {where} answers anybody; {remedy}"


def routes(resources: Sequence[Resource]) -> Iterator[Route]:
    """What is reached from outside: Ingresses, VirtualServices on a gateway, and the Ingresses that KServe makes."""
    led_to: set[str] = set()
    for resource in resources:
        if resource.kind == "Ingress":
            for rule in _list(resource.get("spec", "rules")) or [{}]:
                services = frozenset(
                    str(value) for path, value in walk(rule) if path[-3:] == ("backend", "service", "name")
                )
                yield Route(resource, str(rule.get("host") or "*"), services)
        if resource.kind == "VirtualService" and _list(resource.get("spec", "gateways")) not in ([], ["mesh"]):
            services = frozenset(_services(resource))
            led_to |= services
            if services:
                for host in _list(resource.get("spec", "hosts")):
                    yield Route(resource, str(host), services)
    for resource in resources:
        name = resource.get("metadata", "name")
        # In the preview of a new stack nothing is known of what goes to a cluster that was not asked yet.
        if resource.kind != "InferenceService" or not isinstance(name, str):
            continue
        if f"{name}-predictor" not in led_to and not _local(resource, resources):
            yield Route(resource, name, frozenset())


def _services(resource: Resource) -> Iterator[str]:
    """The Services of a VirtualService's routes; a redirect and an answer of the gateway's own have none."""
    for path, value in walk(resource.get("spec", "http")):
        if path[-2:] == ("destination", "host"):
            yield str(value).partition(".")[0]


def _local(service: Resource, resources: Sequence[Resource]) -> bool:
    """Whether KServe gives the service no way in."""
    if service.get("metadata", "labels", "networking.kserve.io/visibility") == "cluster-local":
        return True
    return any(
        path[-1:] == ("disableIngressCreation",) and value is True
        for each in resources
        if each.kind == "Release"
        for path, value in walk(each.get("values"))
    )


def covers(guard: Resource, route: Route) -> bool:
    """Whether the AuthorizationPolicy refuses a request by the route that says nothing of its sender."""
    spec = guard.get("spec")
    if spec is UNKNOWN:
        return True
    action = guard.get("spec", "action") or "ALLOW"
    for rule in _list(guard.get("spec", "rules")):
        if rule is UNKNOWN:
            return True
        sources = [source for source in _list(rule.get("from")) if isinstance(source, Mapping)]
        asks = any(key in _mapping(source.get("source")) for source in sources for key in _CALLER)
        operations = [_mapping(_mapping(to).get("operation")) for to in _list(rule.get("to"))] or [{}]
        if (asks or action == "CUSTOM") and any(_concerns(guard, each, route) for each in operations):
            return True
    return False


def _concerns(guard: Resource, operation: Mapping[str, Any], route: Route) -> bool:
    """Whether a request by the route is such an operation. One that names no host is of the policy's namespace."""
    hosts, others = _list(operation.get("hosts")), _list(operation.get("notHosts"))
    if not hosts and not others:
        return bool(guard.get("metadata", "namespace") == route.resource.get("metadata", "namespace"))
    named = not hosts or any(_same(str(each), route.host) for each in hosts)
    return named and not any(_same(str(each), route.host) for each in others)


def _same(pattern: str, host: str) -> bool:
    """Whether a host of a policy is the route's; KServe's own hosts begin with the service's name."""
    if pattern.startswith("*"):
        return host.endswith(pattern[1:])
    return pattern == host or ("." not in host and pattern.startswith((f"{host}-", f"{host}.")))


def _asks_itself(resource: Resource) -> Iterator[str]:
    """The Service of an MLflow server with users of its own."""
    for container in containers(resource):
        words = [*_list(container.spec.get("command")), *_list(container.spec.get("args"))]
        if "basic-auth" in words or any(str(word).endswith("=basic-auth") for word in words):
            yield str(resource.get("metadata", "name"))


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, Sequence) and not isinstance(value, str) else []


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
