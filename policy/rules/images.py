"""What runs tomorrow is what was reviewed today."""

import re
from collections.abc import Iterator

from policy.resource import Resource, chart_key, containers, walk

_EXACT_VERSION = re.compile(r"v?\d+\.\d+\.\d+([-+].*)?")
_OWN = "slipway:images (keys in components/settings/versions.py), or a model's own `image`"


def tag(reference: str) -> str:
    """The tag of an image reference; "" without one."""
    name = reference.partition("@")[0].rpartition("/")[2]
    return name.partition(":")[2]


def images(resource: Resource) -> Iterator[tuple[str, str]]:
    """Where an image that the resource names in full stands, and its reference."""
    for container in containers(resource):
        if isinstance(image := container.spec.get("image"), str):
            yield container.title, image
    if resource.group.startswith("postgresql.cnpg.io/") and isinstance(image := resource.get("spec", "imageName"), str):
        yield resource.title, image


def no_latest(resource: Resource) -> Iterator[str]:
    """No image without a tag or with `latest`, no chart without an exact version."""
    for where, image in images(resource):
        if "@" not in image and tag(image) in ("", "latest"):
            yield f"{where}: the image {image} is another one tomorrow; write a version or a digest: {_OWN}"
    if resource.kind != "Release":
        return
    version = resource.get("version")
    if version is None or (isinstance(version, str) and not _EXACT_VERSION.fullmatch(version)):
        yield (
            f"{resource.title}: the chart's version is {version or 'not said, so the newest'}; write an exact one: "
            f"slipway:charts.{resource.name}.version"
        )
    for path, value in walk(resource.get("values")):
        if isinstance(value, str) and path and (value == "latest" if path[-1] == "tag" else _latest(path[-1], value)):
            yield f"{resource.title}: {'.'.join(path)} is {value}; write a version: {chart_key(resource, path)}"


def _latest(key: str, value: str) -> bool:
    return key.lower().endswith("image") and value.endswith(":latest")


def digests(resource: Resource) -> Iterator[str]:
    """Every image of Slipway's own pods and of the models by digest."""
    for where, image in images(resource):
        if "@sha256:" not in image:
            yield (
                f"{where}: the image {image} is a tag, which its registry can move; "
                f"`python -m tools images STACK --lock` writes every image's digest; or write it yourself: {_OWN}"
            )
