"""Contradictions in where a stack runs."""

from collections.abc import Iterator

from components.settings.problems import Problem, fault
from components.settings.stack import Settings


def check(settings: Settings) -> Iterator[Problem]:
    cluster = settings.cluster
    if (cluster.kind is None) == (cluster.existing is None):
        yield fault(("cluster",), None, "write exactly one of `kind` (a cluster that Slipway makes) and `existing`")
    if cluster.kind:
        ports = [cluster.kind.http_port, cluster.kind.https_port, cluster.kind.registry_port]
        if len(set(ports)) < len(ports):
            yield fault(("cluster", "kind"), ports, "httpPort, httpsPort and registryPort must differ")
        if settings.registry:
            yield fault(
                ("registry",), settings.registry.address, "a kind cluster has its own registry; remove this key"
            )
    unbuilt = [model.name for model in settings.models if not model.image]
    if cluster.existing and unbuilt and not settings.registry:
        yield fault(
            ("registry",),
            None,
            "the models' images need a registry to be pushed to; write its `address` (or every model's `image`)",
        )
    if settings.embedded and not cluster.existing:
        yield fault(("embedded",), None, "write its kubeconfig and context as `cluster.existing`")
    if settings.embedded and len(settings.models) > 1:
        yield fault(("models",), len(settings.models), "an embedded stack serves one model on this machine; write one")
    if settings.registry and (settings.registry.username is None) != (settings.registry.password is None):
        yield fault(("registry",), settings.registry.address, "write both `username` and `password`, or neither")
