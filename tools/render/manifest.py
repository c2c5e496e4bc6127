"""A Kubernetes object as it is written: complete, without secrets, at a path of its own."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import yaml

from tools.recording import HIDDEN

CLUSTER = "_cluster"
CRD = "CustomResourceDefinition"
HOOK = "helm.sh/hook"

# Kubernetes' own kinds that have no namespace. Others say it in their CRD, or by their name, as ClusterIssuer does.
_CLUSTER_KINDS = {
    "APIService",
    "CSIDriver",
    CRD,
    "IngressClass",
    "MutatingWebhookConfiguration",
    "Namespace",
    "Node",
    "PersistentVolume",
    "PriorityClass",
    "RuntimeClass",
    "StorageClass",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
    "ValidatingWebhookConfiguration",
}


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """One object; `release` is the Helm release that brings it, None for the program's own."""

    content: dict[str, Any]
    release: str | None = None

    @property
    def kind(self) -> str:
        return str(self.content["kind"])

    @property
    def name(self) -> str:
        return str(self.metadata.get("name", ""))

    @property
    def metadata(self) -> dict[str, Any]:
        return dict(self.content.get("metadata") or {})

    @property
    def hook(self) -> str | None:
        """When Helm runs it, such as `post-install`; it is no part of the release then."""
        return (self.metadata.get("annotations") or {}).get(HOOK)

    @property
    def path(self) -> str:
        """`<namespace>/<Kind>[.group]-<name>.yaml`; the group of kinds that are not Kubernetes' own."""
        group = str(self.content["apiVersion"]).rpartition("/")[0]
        own = "." not in group or group.endswith(".k8s.io")
        kind = self.kind if own else f"{self.kind}.{group}"
        return f"{self.metadata.get('namespace', CLUSTER)}/{kind}-{re.sub(r'[^A-Za-z0-9.-]', '_', self.name)}.yaml"

    def in_namespace(self, namespace: str, cluster_kinds: set[str]) -> "Manifest":
        """With the namespace that it lands in, where it names none and its kind has one."""
        if self.metadata.get("namespace") or self.kind in cluster_kinds or re.match(r"Cluster[A-Z]", self.kind):
            return self
        return replace(self, content={**self.content, "metadata": {**self.metadata, "namespace": namespace}})

    def hidden(self) -> "Manifest":
        """With a placeholder for every value of a Secret."""
        if self.kind != "Secret":
            return self
        parts = {key: dict.fromkeys(self.content[key] or {}, HIDDEN) for key in _DATA if key in self.content}
        return replace(self, content={**self.content, **parts})


_DATA = ("data", "stringData")


def cluster_kinds(manifests: Iterable[Manifest]) -> set[str]:
    """The kinds without a namespace, those of the rendered CRDs included."""
    declared = {
        each.content["spec"]["names"]["kind"]
        for each in manifests
        if each.kind == CRD and each.content["spec"].get("scope") == "Cluster"
    }
    return _CLUSTER_KINDS | declared


class _Loader(yaml.CSafeLoader):
    """As Kubernetes reads YAML: a date is text, and so is `=`."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, form) for tag, form in forms if tag.rpartition(":")[2] not in ("timestamp", "value")]
    for first, forms in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


class _Dumper(yaml.CSafeDumper):
    """Lines of a text as lines, so that a changed one is one in a diff too; nothing written by reference."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True


def _text(dumper: yaml.CSafeDumper, value: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)


_Dumper.add_representer(str, _text)


def documents(text: str) -> Iterator[dict[str, Any]]:
    """The objects of a YAML stream, lists opened."""
    for document in yaml.load_all(text, _Loader):
        if isinstance(document, Mapping):
            yield from document["items"] if document.get("kind", "").endswith("List") else [dict(document)]


def dump(content: Any) -> str:
    """YAML with sorted keys, the same for the same content."""
    return yaml.dump(content, Dumper=_Dumper, sort_keys=True, default_flow_style=False, width=1000, allow_unicode=True)
