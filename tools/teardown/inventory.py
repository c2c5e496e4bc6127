"""What a stack made in its cluster, as its state tells it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from components.dynamic.crd_cleanup import CrdCleanup, brought
from components.settings import parts
from tools.engine.protection import staying

Resource = Mapping[str, Any]

_RELEASE = "kubernetes:helm.sh/v3:Release"


@dataclass(frozen=True)
class Brought:
    """API groups of CRDs that came with a chart, and those CRDs of them that were there before."""

    groups: tuple[str, ...]
    found: tuple[str, ...]
    config_maps: str | None


@dataclass(frozen=True)
class Inventory:
    """`releases` are (namespace, name); `objects` are (apiVersion, kind, namespace or "", name)."""

    namespaces: frozenset[str] = frozenset()
    releases: frozenset[tuple[str, str]] = frozenset()
    objects: frozenset[tuple[str, str, str, str]] = frozenset()
    brought: tuple[Brought, ...] = field(default=())

    @classmethod
    def of(cls, resources: Iterable[Resource]) -> "Inventory":
        """What the state's `resources` are in the cluster."""
        outputs = [(each["type"], each.get("outputs") or {}) for each in resources]
        objects = frozenset(
            (made["apiVersion"], made["kind"], made["metadata"].get("namespace", ""), made["metadata"]["name"])
            for type_, made in outputs
            if type_.startswith("kubernetes:") and "metadata" in made and "apiVersion" in made
        )
        return cls(
            namespaces=frozenset(name for _, kind, _, name in objects if kind == "Namespace"),
            releases=frozenset((made["namespace"], made["name"]) for type_, made in outputs if type_ == _RELEASE),
            objects=objects,
            brought=tuple(
                Brought(tuple(made["groups"]), tuple(made["found"] or ()), made.get("config_maps"))
                for type_, made in outputs
                if type_ == CrdCleanup.token
            ),
        )

    @classmethod
    def going(cls, resources: Sequence[Resource], before: "Inventory") -> "Inventory":
        """What a destroy removes of the state, and of `before`: not what is protected, nor what that stands on."""
        return cls.of(resources).and_(before).without(cls.of(staying(resources)))

    def and_(self, other: "Inventory") -> "Inventory":
        """Both together."""
        return Inventory(
            namespaces=self.namespaces | other.namespaces,
            releases=self.releases | other.releases,
            objects=self.objects | other.objects,
            brought=tuple(dict.fromkeys([*self.brought, *other.brought])),
        )

    def without(self, kept: "Inventory") -> "Inventory":
        """What is gone from the state; `kept` is what it still has."""
        return Inventory(
            namespaces=self.namespaces - kept.namespaces,
            releases=self.releases - kept.releases,
            objects=self.objects - kept.objects,
            brought=tuple(each for each in self.brought if each not in kept.brought),
        )

    def whose(self, api_version: str, kind: str, metadata: Mapping[str, Any]) -> str | None:
        """Why an object is the stack's, as a phrase; None when it is not. What is in its namespaces is left out."""
        name, namespace = metadata["name"], metadata.get("namespace", "")
        labels, notes = metadata.get("labels") or {}, metadata.get("annotations") or {}
        release = (notes.get("meta.helm.sh/release-namespace"), notes.get("meta.helm.sh/release-name"))
        if namespace in self.namespaces:
            return None
        if (api_version, kind, namespace, name) in self.objects:
            return "made by the stack"
        if release in self.releases:
            return f"of the Helm release {release[1]}"
        if release == (None, None) and (part := self._operated(labels)):
            return f"of {part}"
        if kind == "CustomResourceDefinition" and any(
            brought([name], each.groups, each.found) for each in self.brought
        ):
            return "a kind that came with a chart of the stack"
        if kind == "ConfigMap" and any(_labelled(each.config_maps, labels) for each in self.brought):
            return "written by a controller of the stack"
        return None

    def _operated(self, labels: Mapping[str, str]) -> str | None:
        """The part of the stack's whose operator has made what has these labels."""
        # An operator's CRDs are there from the first moment, what it makes only once it is ready.
        groups = {group for each in self.brought for group in each.groups}
        ours = [part for part in parts.PARTS if groups.intersection(part.crd_groups)]
        return next((part.title for part in ours if part.operated and part.operated.items() <= labels.items()), None)


def _labelled(wanted: str | None, labels: Mapping[str, str]) -> bool:
    key, _, value = (wanted or "").partition("=")
    return bool(key) and labels.get(key) == value
