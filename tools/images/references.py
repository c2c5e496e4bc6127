"""Image references in Kubernetes objects, wherever controllers take them from."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from tools.render.manifest import CRD, Manifest

# `image`, `imageName`, `queue-sidecar-image`, `rbacProxyImage`, `SIDECAR_IMAGE`, `OPERATOR_IMAGE_NAME`
_KEY = re.compile(r"(^i|I|[-_]i)mage(Name)?$|(^|_)IMAGE(_NAME)?$")
_ARGUMENT = re.compile(r"^--[a-z0-9-]*image=(?P<reference>\S+)$")
_REFERENCE = re.compile(
    r"[a-z0-9][a-z0-9.-]*(:\d+)?(/[a-z0-9]+([._-]+[a-z0-9]+)*)*(:[A-Za-z0-9_][A-Za-z0-9_.-]*)?(@sha256:[0-9a-f]{64})?"
)
# What istiod puts in place of it is in its own values.
_INJECTED = "auto"


def references(manifest: Manifest) -> set[str]:
    """Every image that the object names, as it names it."""
    return set() if manifest.kind == CRD else set(_in(manifest.content, ""))


def _in(value: Any, key: str, container: bool = False) -> Iterator[str]:
    if isinstance(value, Mapping):
        if _KEY.search(str(value.get("name", ""))) and isinstance(value.get("value"), str):
            yield from _named(value["value"])
        if isinstance(version := value.get("defaultImageVersion"), str):
            value = {**value, "image": f"{value.get('image')}:{version}"}
        for name, each in value.items():
            # Keys that begin with `_` are examples (KServe, Knative).
            if not str(name).startswith("_"):
                yield from _in(each, str(name), key in ("containers", "initContainers"))
        if key == "override":
            yield from (each for each in value.values() if isinstance(each, str))
    elif isinstance(value, list):
        for each in value:
            yield from _in(each, key)
    elif isinstance(value, str):
        if argument := _ARGUMENT.match(value):
            yield from _named(argument["reference"])
        elif _KEY.search(key):
            yield from _named(value, bare=container)
        elif "\n" in value or value.startswith("{"):
            yield from _in_text(value)


def _named(text: str, bare: bool = False) -> Iterator[str]:
    """The text, if it is a reference; a single word is one in a container only."""
    if _REFERENCE.fullmatch(text) and text != _INJECTED and (bare or "/" in text):
        yield text


def _in_text(text: str) -> Iterator[str]:
    """In configuration inside a ConfigMap, of which a template cannot be read as YAML."""
    try:
        content = json.loads(text) if text.lstrip().startswith("{") else yaml.load(text, yaml.CSafeLoader)
    except (ValueError, yaml.YAMLError):
        return
    if isinstance(content, Mapping | list):
        yield from _in(content, "")
