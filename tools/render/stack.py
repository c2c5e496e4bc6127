"""A stack's whole program as manifests, without a cluster and without Pulumi's engine."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.settings import Settings, parse_settings
from components.settings.versions import IMAGES
from tools import recording, stack_file
from tools.recording import Run
from tools.render.manifest import Manifest, cluster_kinds
from tools.render.release import Release, rendered
from tools.toolchain.install import install
from tools.toolchain.pins import HELM

_RELEASE = "kubernetes:helm.sh/v3:Release"


@dataclass(frozen=True, kw_only=True)
class Rendering:
    """`missing` is, by release key, why a chart could not be reached; its objects are not among the manifests."""

    settings: Settings
    run: Run
    manifests: Sequence[Manifest]
    releases: Sequence[Release]
    missing: Mapping[str, str]


def kubernetes_version(settings: Settings) -> str:
    """What the charts are told: the cluster's version where the settings say it, else that of the pinned node."""
    return settings.cluster.kubernetes or IMAGES["kind-node"].rpartition(":v")[2].partition("@")[0]


def render(path: Path, changes: Mapping[str, Any] | None = None) -> Rendering:
    """Render the stack file at `path`, with `changes` in place of some of its `slipway:` values; None leaves one out.

    Raises StackFileError, SettingsError, SlipwayError and SlipwayError.
    """
    given = {**stack_file.settings_of(stack_file.effective(path)), **(changes or {})}
    config = {key: value for key, value in given.items() if value is not None}
    settings = parse_settings(config)
    run = recording.run_stack(path.stem.removeprefix("Pulumi."), config)
    own = [
        # Pulumi hides a Secret's data as one: its keys are shown, `Manifest.hidden` hides the values.
        Manifest(content=entry.inputs if entry.kind == "Secret" else entry.hidden)
        for entry in run.all
        if entry.type.startswith("kubernetes:") and entry.type != _RELEASE
    ]
    releases = [Release.of(entry) for entry in run.all if entry.type == _RELEASE]
    if releases:
        install([HELM])
    charts, missing = rendered(releases, kubernetes_version(settings))
    clusterwide = cluster_kinds([*own, *charts])
    namespaces = {release.key: release.namespace for release in releases}
    placed = [each.in_namespace(namespaces.get(each.release or "", "default"), clusterwide) for each in [*own, *charts]]
    return Rendering(
        settings=settings,
        run=run,
        manifests=[each.hidden() for each in placed],
        releases=releases,
        missing=missing,
    )
