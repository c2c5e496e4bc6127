"""Copy every image and chart of a stack into a registry."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import yaml

from components.errors import SlipwayError
from tools.images import registry
from tools.images.inventory import Image, inventory
from tools.images.oci import near
from tools.render.release import PULL_SECONDS, Release, fetched, helm
from tools.render.stack import render
from tools.toolchain.install import install
from tools.toolchain.pins import CRANE, HELM

OCI = "oci://"
THERE, COPIED = "there", "copied"


def copy_image(image: Image, to: str) -> str:
    """What was done. Raises SlipwayError."""
    return _copied(image.at, f"{to}/{image.name}")


def copy_chart(release: Release, to: str) -> str:
    """What was done; `to` is an `oci://` folder. Raises SlipwayError."""
    if release.chart.startswith(OCI):
        tag = release.version.replace("+", "_")
        name = release.chart.rpartition("/")[2]
        return _copied(f"{release.chart.removeprefix(OCI)}:{tag}", f"{to.removeprefix(OCI)}/{name}:{tag}")
    archive = fetched(release)
    if archive.is_dir():
        raise SlipwayError(f"{archive} is a folder: `helm package` it, and name the archive")
    chart = yaml.safe_load(helm(["show", "chart", str(archive)], PULL_SECONDS))
    # `helm push` goes by what the archive says of itself; a stack asks for what is pinned.
    pushed = Address(chart["name"], str(chart["version"]))
    asked = Address(release.chart.rpartition("/")[2], release.version) if release.repository else pushed
    folder = to.removeprefix(OCI)
    if registry.digest_if_there(asked.within(folder)):
        return THERE
    plain = ["--plain-http"] if near(folder) else []
    helm(["push", str(archive), to, *plain], registry.COPY_SECONDS)
    if asked.name != pushed.name:
        registry.copy(pushed.within(folder), asked.within(folder))
    elif asked != pushed:
        registry.tag(pushed.within(folder), asked.tag)
    return COPIED


@dataclass(frozen=True)
class Address:
    """A chart in an OCI folder."""

    name: str
    version: str

    @property
    def tag(self) -> str:
        """A tag has no `+`, and Helm writes `_` instead."""
        return self.version.replace("+", "_")

    def within(self, folder: str) -> str:
        return f"{folder}/{self.name}:{self.tag}"


def _copied(source: str, target: str) -> str:
    wanted = registry.digest(source)
    if registry.digest_if_there(target) == wanted:
        return THERE
    registry.copy(source, target)
    if (got := registry.digest(target)) != wanted:
        raise SlipwayError(f"{target} is {got} and not {wanted}: the registry changed it")
    return COPIED


def mirror(stack: Path, to: str, charts_to: str, images_from: str | None, charts_from: str | None) -> list[str]:
    """Copy, say every step, and return what failed. Raises what `render` raises."""
    install([CRANE, HELM])
    found = inventory(render(stack, {"imageMirror": images_from, "chartMirror": charts_from}))
    steps: list[tuple[str, Callable[[], str]]] = [
        *((image.name, lambda image=image: copy_image(image, to)) for image in found.images),
        *((str(chart), lambda chart=chart: copy_chart(chart, charts_to)) for chart in found.charts),
    ]

    def run(step: tuple[str, Callable[[], str]]) -> str | None:
        name, act = step
        try:
            print(f"{act():<7} {name}", flush=True)
        except SlipwayError as error:
            return f"{name}: {error}"
        return None

    with ThreadPoolExecutor(4) as pool:
        failed = [each for each in pool.map(run, steps) if each]
    unknown = [f"the images of the chart {key}: it cannot be reached: {why}" for key, why in found.missing.items()]
    return [*failed, *unknown]
