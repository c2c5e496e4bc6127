"""Every image and chart that a stack needs, those included that no manifest shows."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from components.dynamic.model_files import ModelFiles
from components.platform.knative import serving_images
from components.serving.servers import DEFAULT_PYTHON
from components.settings.images import qualified, upstream
from components.settings.serving_version import is_carried
from components.settings.versions import KNATIVE_SERVING
from tools.images.references import references
from tools.render.manifest import Manifest
from tools.render.release import Release
from tools.render.stack import Rendering

# The recorder's digest of an image that `up` builds.
_BUILT = "@sha256:" + "0" * 64
_KNATIVE = "what the Knative operator installs"
_NODE, _REGISTRY, _BASE = "kind node", "kind registry", "base of the models' images"
# Who takes an image from this machine's container engine, which may have it already.
OF_THE_ENGINE = frozenset({_NODE, _REGISTRY, _BASE})
# Behind the user of an image that is pulled only for objects of somebody else: Slipway's models bring their own.
ON_DEMAND = " (for objects that Slipway does not make)"
_NAMED_FOR_OTHERS = frozenset({"ClusterServingRuntime", "ClusterStorageContainer", "LLMInferenceServiceConfig"})


@dataclass(frozen=True, kw_only=True)
class Image:
    """`name` is the full reference upstream, without digest; `at` is where the stack takes it from."""

    name: str
    at: str
    digest: str | None
    users: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Inventory:
    """`missing` are charts that could not be reached, whose images are not listed."""

    images: tuple[Image, ...]
    charts: tuple[Release, ...]
    missing: Mapping[str, str]


def inventory(rendering: Rendering) -> Inventory:
    users: dict[str, set[str]] = defaultdict(set)
    for manifest in rendering.manifests:
        for reference in references(manifest):
            users[qualified(reference)].add(_user(manifest))
    for reference, user in _unseen(rendering):
        users[qualified(reference)].add(user)
    mirror = rendering.settings.image_mirror
    images = [_image(at, names, mirror) for at, names in users.items() if _BUILT not in at]
    return Inventory(
        images=tuple(sorted(images, key=lambda image: (image.name, image.digest or ""))),
        charts=tuple(sorted(rendering.releases, key=lambda release: release.key)),
        missing=rendering.missing,
    )


def _user(manifest: Manifest) -> str:
    others = manifest.kind in _NAMED_FOR_OTHERS or manifest.name == "inferenceservice-config"
    return f"{manifest.release or f'{manifest.kind} {manifest.name}'}{ON_DEMAND if others else ''}"


def _image(at: str, users: set[str], mirror: str | None) -> Image:
    name, _, digest = upstream(at, mirror).partition("@")
    return Image(name=name, at=at, digest=digest or None, users=tuple(sorted(users)))


def _unseen(rendering: Rendering) -> list[tuple[str, str]]:
    """Images beside the manifests, and who uses them."""
    settings, run = rendering.settings, rendering.run
    images = settings.image_references
    found: list[tuple[str, str]] = []
    for entry in run.all:
        if "node_image" in entry.inputs:
            found += [(entry.inputs["node_image"], _NODE), (entry.inputs["registry_image"], _REGISTRY)]
        if entry.type == ModelFiles.token and "bases" in entry.inputs:
            # A registered model tells its Python when its files are here.
            python = entry.inputs["wishes"].get("python") or DEFAULT_PYTHON
            found.append((entry.inputs["bases"][python], _BASE))
        if entry.kind == "KnativeServing":
            spec: Mapping[str, Any] = entry.inputs["spec"]
            version = str(spec.get("version", KNATIVE_SERVING))
            named = serving_images(version) if is_carried(version) else {}
            installed = {key: images.rewrite(each) for key, each in named.items()}
            installed |= spec.get("registry", {}).get("override", {})
            found += [(each, _KNATIVE) for each in installed.values()]
    return found
