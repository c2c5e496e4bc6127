"""The images and charts of a stack, each with its version and the digest that its registry gives now."""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from components.errors import SlipwayError
from components.settings import image_lock as lock
from tools import stack_file
from tools.files import write_whole
from tools.images import oci
from tools.images.inventory import Image, Inventory, inventory
from tools.render.release import Release
from tools.render.stack import render
from tools.toolchain.pins import ARCH

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


def asked(image: Image, platform: str | None = None) -> Line:
    """The image with what its tag stands for now; where that is of no use, the digest that it is already named by.

    With a `platform`, such as linux/arm64, an image that is for others only is of no use.
    """
    name, _, version = image.name.rpartition(":")
    named, _, _ = image.at.partition("@")
    line = Line(kind="image", name=name, version=version, digest=image.digest, why="", users=image.users)
    try:
        found = oci.manifest(named)
    except SlipwayError as error:
        return replace(line, why=str(error))
    if platform and found.platforms and platform not in found.platforms:
        return replace(line, digest=None, why=f"is for {', '.join(sorted(found.platforms))} and not for {platform}")
    return replace(line, digest=found.digest)


def asked_chart(release: Release, missing: str | None) -> Line:
    """A chart: by digest from an OCI registry; elsewhere its version is all there is."""
    digest, why = None, missing or ""
    if release.source.startswith("oci://"):
        try:
            reference = f"{release.source.removeprefix('oci://')}:{release.version.replace('+', '_')}"
            digest = oci.digest(reference)
        except SlipwayError as error:
            why = str(error)
    return Line(
        kind="chart", name=release.source, version=release.version, digest=digest, why=why, users=(release.key,)
    )


def listed(stack: Path) -> tuple[list[Line], Mapping[str, str]]:
    """The list, and by key why a chart's images are not on it."""
    rendering = render(stack)
    found = inventory(rendering)
    # The nodes of a kind cluster are of this machine's kind; those of another cluster may be any.
    return lines(found, f"linux/{ARCH}" if rendering.settings.cluster.kind else None), found.missing


def lock_file(stack: Path, new: bool) -> str | None:
    """The file of digests that the stack names; with `new` it is made where it is not there yet."""
    file: str | None = stack_file.settings_of(stack_file.effective(stack)).get("imageLock")
    if new and file and not Path(file).exists():
        write_whole(Path(file), lock.text({}))
    return file


def lines(found: Inventory, platform: str | None) -> list[Line]:
    with ThreadPoolExecutor(8) as pool:
        images = pool.map(lambda each: asked(each, platform), found.images)
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
    """Lock what could be asked, and say what could not; entries of other stacks stay as they are.

    Raises LockError for a file that is there and cannot be read.
    """
    images = [line for line in listed if line.kind == "image"]
    found = {f"{line.name}:{line.version}": line.digest for line in images if line.digest}
    file = Path(path or lock.DEFAULT)
    # One that is there and cannot be read is no empty one.
    kept = lock.digests(path) if file.exists() else {}
    write_whole(file, lock.text({**kept, **found}))
    failed = [f"not locked: {line.name}:{line.version}: {line.why}" for line in images if not line.digest]
    return "\n".join([f"{file}: {len(found)} images locked", *failed])
