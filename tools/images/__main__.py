"""List every image and chart of a stack: `python -m tools.images prod [--lock] [--json]`.

Each with its version, the digest that its registry (or the stack's mirror) gives now, and who uses it. `--lock` writes
the digests of the images into the lock file, and every later `up` takes the images by them.
"""

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from components.settings import SettingsError
from components.settings import image_lock as lock
from tools import stack_file
from tools.images import registry
from tools.images.inventory import Image, Inventory, inventory
from tools.images.problem import ImagesError
from tools.render.problem import RenderError
from tools.render.release import Release
from tools.render.stack import render
from tools.toolchain.install import install
from tools.toolchain.pins import CRANE
from tools.toolchain.problem import ToolchainError

NOT_REACHABLE = "not reachable"


@dataclass(frozen=True, kw_only=True)
class Line:
    """One image or chart of the list; `digest` is None where its registry does not answer, and `why` says so."""

    kind: str
    name: str
    version: str
    digest: str | None
    why: str
    users: tuple[str, ...]


def asked(image: Image) -> Line:
    """The image with what its tag stands for now, or the digest that it is already named by."""
    name, _, version = image.name.rpartition(":")
    named, _, _ = image.at.partition("@")
    try:
        return Line(kind="image", name=name, version=version, digest=registry.digest(named), why="", users=image.users)
    except ImagesError as error:
        return Line(kind="image", name=name, version=version, digest=image.digest, why=str(error), users=image.users)


def asked_chart(release: Release, missing: str | None) -> Line:
    """A chart: by digest from an OCI registry; elsewhere its version is all there is."""
    digest, why = None, missing or ""
    if release.source.startswith("oci://"):
        try:
            reference = f"{release.source.removeprefix('oci://')}:{release.version.replace('+', '_')}"
            digest = registry.digest(reference)
        except ImagesError as error:
            why = str(error)
    return Line(
        kind="chart", name=release.source, version=release.version, digest=digest, why=why, users=(release.key,)
    )


def lines(found: Inventory) -> list[Line]:
    install([CRANE])
    with ThreadPoolExecutor(8) as pool:
        images = pool.map(asked, found.images)
        charts = pool.map(lambda each: asked_chart(each, found.missing.get(each.key)), found.charts)
        return [*images, *charts]


def text(listed: Iterable[Line]) -> str:
    """A table; the users of each on its line."""
    rows = [
        (line.kind, f"{line.name} {line.version}", line.digest or (NOT_REACHABLE if line.why else ""), line.users)
        for line in listed
    ]
    widths = [max((len(str(row[column])) for row in rows), default=0) for column in (0, 1, 2)]
    return "\n".join(
        "  ".join([*(str(cell).ljust(width) for cell, width in zip(row, widths, strict=False)), ", ".join(row[3])])
        for row in rows
    )


def write_lock(listed: Sequence[Line], path: str | None) -> str:
    """Lock what could be asked, and say what could not; entries of other stacks stay as they are."""
    images = [line for line in listed if line.kind == "image"]
    found = {f"{line.name}:{line.version}": line.digest for line in images if line.digest}
    try:
        kept = lock.digests(path)
    except lock.LockError:
        kept = {}
    file = lock.write(path, {**kept, **found})
    failed = [f"not locked: {line.name}:{line.version}: {line.why}" for line in images if not line.digest]
    return "\n".join([f"{file}: {len(found)} images locked", *failed])


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.images", description=__doc__)
    parser.add_argument("stack")
    parser.add_argument("--lock", action="store_true", help="write the digests into the stack's lock file")
    parser.add_argument("--json", action="store_true", help="the list as JSON")
    arguments = parser.parse_args()
    try:
        path = stack_file.path_of(arguments.stack)
        file = stack_file.settings_of(stack_file.effective(path)).get("imageLock")
        if arguments.lock and file and not Path(file).exists():
            lock.write(file, {})
        found = inventory(render(path))
        listed = lines(found)
    except (stack_file.StackFileError, SettingsError, ToolchainError, RenderError, ImagesError) as error:
        print(error, file=sys.stderr)
        return 1
    print(json.dumps([vars(line) for line in listed], indent=2) if arguments.json else text(listed))
    for key, why in found.missing.items():
        print(f"images not listed: those of the chart {key}, which cannot be reached: {why}", file=sys.stderr)
    if arguments.lock:
        print(write_lock(listed, file), file=sys.stderr)
        return 1 if found.missing or any(line.kind == "image" and not line.digest for line in listed) else 0
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
