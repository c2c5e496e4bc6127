"""Contradictions in where a stack runs."""

import re
from collections.abc import Iterator

from components.settings.problems import Problem, fault
from components.settings.stack import Settings
from components.settings.versions import IMAGES


def one_cluster(settings: Settings) -> Iterator[Problem]:
    cluster = settings.cluster
    if (cluster.kind is None) == (cluster.existing is None):
        yield fault(("cluster",), None, "write exactly one of `kind` (a cluster that Slipway makes) and `existing`")


def ports_of_kind(settings: Settings) -> Iterator[Problem]:
    kind = settings.cluster.kind
    if kind:
        ports = [kind.http_port, kind.https_port, kind.registry_port]
        if len(set(ports)) < len(ports):
            yield fault(("cluster", "kind"), ports, "httpPort, httpsPort and registryPort must differ")


def node_image(settings: Settings) -> Iterator[Problem]:
    """What the node of a kind cluster runs, and what the settings say that it runs."""
    kind, said, images = settings.cluster.kind, settings.cluster.kubernetes, settings.images
    if kind and kind.node_image and "kind-node" in images:
        yield fault(
            ("images", "kind-node"), images["kind-node"], "cluster.kind.nodeImage is used instead; write one of the two"
        )
    runs = version_of_node(settings)
    if said and runs and runs != said:
        yield fault(("cluster", "kubernetes"), said, f'the node is of Kubernetes {runs}; write "{runs}", or remove it')


def version_of_node(settings: Settings) -> str | None:
    """The minor version of Kubernetes that a kind node will run; None where its image does not tell."""
    kind = settings.cluster.kind
    if not kind:
        return None
    image = kind.node_image or settings.images.get("kind-node", IMAGES["kind-node"])
    found = re.search(r":v(1\.[0-9]+)\.", image.partition("@")[0])
    return found[1] if found else None


def registry(settings: Settings) -> Iterator[Problem]:
    given, cluster = settings.registry, settings.cluster
    if cluster.kind and given:
        yield fault(("registry",), given.address, "a kind cluster has its own registry; remove this key")
    unbuilt = [model.name for model in settings.models if not model.image]
    if cluster.existing and unbuilt and not given:
        yield fault(
            ("registry",),
            None,
            "the models' images need a registry to be pushed to; write its `address` (or every model's `image`)",
        )
    if given and (given.username is None) != (given.password is None):
        yield fault(("registry",), given.address, "write both `username` and `password`, or neither")


def embedded(settings: Settings) -> Iterator[Problem]:
    embedded = settings.embedded
    if not embedded:
        return
    if not settings.cluster.existing:
        yield fault(("embedded",), None, "write its kubeconfig and context as `cluster.existing`")
    if settings.backend:
        yield fault(
            ("backend",), settings.backend, "an embedded stack is of one machine, and so is its state; remove it"
        )
    sources = {model.source for model in settings.models}
    if len(sources) > 1:
        yield fault(
            ("models",), sorted(sources), "an embedded stack serves one `source` on this machine; write one for all"
        )
    ports = {"apiPort": embedded.api_port, "trackingPort": embedded.tracking_port, "modelPort": embedded.model_port}
    first: dict[int, str] = {}
    for key, port in ports.items():
        if port and first.setdefault(port, key) != key:
            yield fault(("embedded", key), port, f"embedded.{first[port]} is the same; write another, or leave it out")


RULES = (one_cluster, ports_of_kind, node_image, registry, embedded)
