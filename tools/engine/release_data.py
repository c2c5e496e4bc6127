"""What holds data and is a Helm release's own: a plan names the release alone."""

from collections.abc import Iterator, Mapping
from typing import Any

from components.errors import SlipwayError
from components.settings.versions import IMAGES
from tools.engine.protection import named

RELEASE = "kubernetes:helm.sh/v3:Release"
_CLAIM = "PersistentVolumeClaim"
# A kind goes with all its objects, whoever made those.
_HOLDERS = (_CLAIM, "PersistentVolume", "StatefulSet", "Namespace", "CustomResourceDefinition")


def lost(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    """What goes with a release (`new` is empty then), or with its update. Helm deletes either without asking."""
    if not new:
        for kind in _HOLDERS:
            if found := _owned(old, kind):
                yield f"deletes {kind} {', '.join(found)}, with {named(old)}"
        return
    if not (had := _owned(old, _CLAIM)):
        return
    try:
        missing = sorted({*had} - _claims(new))
    except SlipwayError as error:
        yield f"may delete {_CLAIM} {', '.join(had)} of {named(old)}; its new chart could not be read: {error}"
    else:
        if missing:
            yield f"deletes {_CLAIM} {', '.join(missing)}, which {named(old)} has no more"


def _owned(release: Mapping[str, Any], kind: str) -> list[str]:
    """The names of its objects of a kind, as the provider keeps them: by `kind[.group]/version`."""
    known = (release.get("outputs") or {}).get("resourceNames") or {}
    found = {name for key, names in known.items() if key.partition("/")[0].partition(".")[0] == kind for name in names}
    return sorted(_placed(name, release["outputs"]) if kind == _CLAIM else name for name in found)


def _placed(name: str, release: Mapping[str, Any]) -> str:
    return name if "/" in name else f"{release['namespace']}/{name}"


def _claims(new: Mapping[str, Any]) -> set[str]:
    """The volumes that the release would have. Raises SlipwayError where its chart cannot be rendered."""
    # The renderer takes a while to import, and few plans change a release that has a volume.
    from tools.render.release import Release, fetched, template
    from tools.toolchain.install import install
    from tools.toolchain.pins import HELM

    install([HELM])
    release = Release.given(new["urn"].rpartition("::")[2], new["inputs"])
    kubernetes = IMAGES["kind-node"].rpartition(":v")[2].partition("@")[0]
    objects = template(release, fetched(release), kubernetes)
    metadata = (each["metadata"] for each in objects if each["kind"] == _CLAIM)
    return {f"{each.get('namespace', release.namespace)}/{each['name']}" for each in metadata}
