"""Copy every image and chart of a stack into a registry: `python -m tools.mirror prod [--to HOST/PATH]`.

Digests are kept. What is there already is left, so an interrupted run goes on where it stopped. `--from` takes the
images from another mirror instead of their own registries, `--charts-from` the charts.
"""

import argparse
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import yaml

from components.settings import SettingsError
from tools import stack_file
from tools.images import registry
from tools.images.inventory import Image, inventory
from tools.images.problem import ImagesError
from tools.render.problem import RenderError
from tools.render.release import PULL_SECONDS, Release, fetched, helm
from tools.render.stack import render
from tools.toolchain.install import install
from tools.toolchain.pins import CRANE, HELM
from tools.toolchain.problem import ToolchainError

OCI = "oci://"
THERE, COPIED = "there", "copied"


def copy_image(image: Image, to: str) -> str:
    """What was done. Raises ImagesError."""
    return _copied(image.at, f"{to}/{image.name}")


def copy_chart(release: Release, to: str) -> str:
    """What was done; `to` is an `oci://` folder. Raises ImagesError and RenderError."""
    if release.chart.startswith(OCI):
        tag = release.version.replace("+", "_")
        name = release.chart.rpartition("/")[2]
        return _copied(f"{release.chart.removeprefix(OCI)}:{tag}", f"{to.removeprefix(OCI)}/{name}:{tag}")
    archive = fetched(release)
    if archive.is_dir():
        raise ImagesError(f"{archive} is a folder: `helm package` it, and name the archive")
    chart = yaml.safe_load(helm(["show", "chart", str(archive)], PULL_SECONDS))
    target = f"{to.removeprefix(OCI)}/{chart['name']}:{str(chart['version']).replace('+', '_')}"
    if _digest(target):
        return THERE
    plain = ["--plain-http"] if registry.near(target) else []
    helm(["push", str(archive), to, *plain], registry.COPY_SECONDS)
    return COPIED


def _copied(source: str, target: str) -> str:
    wanted = registry.digest(source)
    if _digest(target) == wanted:
        return THERE
    registry.copy(source, target)
    if (got := registry.digest(target)) != wanted:
        raise ImagesError(f"{target} is {got} and not {wanted}: the registry changed it")
    return COPIED


def _digest(target: str) -> str | None:
    try:
        return registry.digest(target)
    except ImagesError:
        return None


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
        except (ImagesError, RenderError) as error:
            return f"{name}: {error}"
        return None

    with ThreadPoolExecutor(4) as pool:
        failed = [each for each in pool.map(run, steps) if each]
    unknown = [f"the images of the chart {key}: it cannot be reached: {why}" for key, why in found.missing.items()]
    return [*failed, *unknown]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.mirror", description=__doc__)
    parser.add_argument("stack")
    parser.add_argument("--to", metavar="REGISTRY", help="default: the stack's slipway:imageMirror")
    parser.add_argument(
        "--charts-to", metavar="OCI", help="default: the stack's slipway:chartMirror, else oci://TO/charts"
    )
    parser.add_argument("--from", dest="images_from", metavar="REGISTRY", help="another mirror of the images")
    parser.add_argument("--charts-from", metavar="OCI", help="another mirror of the charts")
    arguments = parser.parse_args()
    try:
        path = stack_file.path_of(arguments.stack)
        settings = stack_file.settings_of(stack_file.effective(path))
        to = arguments.to or settings.get("imageMirror")
        if not to:
            parser.error("name a registry: --to, or slipway:imageMirror in the stack file")
        own = settings.get("chartMirror") if not arguments.to else None
        charts_to = arguments.charts_to or own or f"{OCI}{to}/charts"
        failed = mirror(path, to, charts_to, arguments.images_from, arguments.charts_from)
    except (stack_file.StackFileError, SettingsError, ToolchainError, RenderError) as error:
        print(error, file=sys.stderr)
        return 1
    for each in failed:
        print(f"FAILED  {each}", file=sys.stderr)
    if failed:
        print(f"{len(failed)} failed; the same command tries them again", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
