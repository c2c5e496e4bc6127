"""Whether every chart and image of a stack can be had: asked of their registries, none of it fetched."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor

from components.errors import SlipwayError
from components.settings.images import qualified
from tools.doctor.result import Result, fault, note, ok
from tools.images import oci
from tools.images.chart_index import Index, is_there
from tools.images.inventory import OF_THE_ENGINE, ON_DEMAND, Image
from tools.render.release import Release

OCI = "oci://"


def images(found: Iterable[Image], platform: str | None, has_image: Callable[[str], bool]) -> list[Result]:
    """`platform`, such as linux/arm64, is what the nodes are; None where nobody knows."""

    def look(wanted: Image) -> Result:
        if OF_THE_ENGINE.issuperset(wanted.users) and has_image(wanted.at):
            return ok(f"image {wanted.name}", "the container engine has it")
        return image(wanted, platform)

    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(look, found))


def image(wanted: Image, platform: str | None) -> Result:
    """By the tag, and by the digest that is locked, which is what the nodes pull."""
    about = f"image {wanted.name}"
    named, _, digest = wanted.at.partition("@")
    try:
        found = oci.manifest(wanted.at)
    except SlipwayError as error:
        if digest and isinstance(error, oci.RegistryFault) and error.kind == "absent":
            return fault(
                about,
                f"{error.message}: the locked digest is gone",
                "`python -m tools images STACK --lock`, after you have looked at what changed",
            )
        missing = note if all(user.endswith(ON_DEMAND) for user in wanted.users) else fault
        return missing(about, error.message, f"{error.remedy}. Needed by {', '.join(wanted.users)}")
    if platform and found.platforms and platform not in found.platforms:
        there = ", ".join(sorted(found.platforms))
        return fault(
            about, f"is for {there} and not for {platform}", "name an image for this machine in slipway:images"
        )
    return _moved(about, qualified(named), digest) if digest else ok(about, found.digest)


def _moved(about: str, tag: str, digest: str) -> Result:
    """A tag that stands for something else than the digest beside it: the old one is still what is pulled."""
    try:
        now = oci.digest(tag)
    except SlipwayError as error:
        return note(about, f"its digest is there, its tag is not ({error.message})", "lock another version soon")
    if now == digest:
        return ok(about, digest)
    return note(
        about,
        f"the tag is {now} now, and {digest} is locked",
        "`python -m tools images STACK --lock` takes the new one",
    )


def charts(wanted: Iterable[Release]) -> list[Result]:
    """Each repository's index is fetched once."""
    releases = list(wanted)
    repositories = sorted({each.repository for each in releases if each.repository})
    with ThreadPoolExecutor(8) as pool:
        indexes = dict(zip(repositories, pool.map(_index, repositories), strict=True))
        return list(pool.map(lambda each: chart(each, indexes.get(each.repository or "")), releases))


def chart(release: Release, index: Index | SlipwayError | None) -> Result:
    about = f"chart {release.key} {release.version}"
    if isinstance(index, SlipwayError):
        return fault(about, index.message, index.remedy)
    if index:
        return _indexed(about, release, index)
    if release.chart.startswith(OCI):
        return _in_registry(about, release)
    return ok(about, f"{release.chart} is a file of this machine")


def _index(repository: str) -> Index | SlipwayError:
    try:
        return Index(repository)
    except SlipwayError as error:
        return error


def _indexed(about: str, release: Release, index: Index) -> Result:
    name = release.chart.rpartition("/")[2]
    entry = index.entry(name, release.version)
    if not entry:
        return fault(about, f"{release.source}: {_beside(index.versions(name), release.version)}", _other(release))
    try:
        is_there(entry.url)
    except SlipwayError as error:
        return fault(about, f"is in the index, but not to be had: {error.message}", error.remedy)
    return ok(about, entry.url)


def _in_registry(about: str, release: Release) -> Result:
    reference = f"{release.chart.removeprefix(OCI)}:{release.version.replace('+', '_')}"
    try:
        return ok(about, oci.digest(reference))
    except oci.RegistryFault as error:
        if error.kind != "absent":
            return fault(about, error.message, error.remedy)
    try:
        beside = _beside(oci.tags(reference), release.version)
    except SlipwayError:
        beside = f"there is no {reference}"
    return fault(about, f"{release.source}: {beside}", _other(release))


def _beside(there: Iterable[str], version: str) -> str:
    """What there is in place of a version: another spelling, or others of its line."""
    known = sorted(there)
    bare = version.removeprefix("v")
    if spelled := [each for each in known if each.removeprefix("v") == bare]:
        return f"the version is called {spelled[0]} there, and not {version}"
    line = ".".join(bare.split(".")[:2])
    if near := [each for each in known if each.removeprefix("v").startswith(f"{line}.")]:
        return f"there is no {version}, but {', '.join(near[-5:])}"
    return f"there is no {version}" + (f"; the last of {len(known)} is {known[-1]}" if known else ", nor any other")


def _other(release: Release) -> str:
    return f"write one that is there: slipway:charts.{release.key}.version"


def unlisted(missing: Iterable[tuple[str, str]]) -> Iterator[Result]:
    """Charts whose images are not known, because the chart could not be read."""
    for key, why in missing:
        yield note(f"images of the chart {key}", f"not known: {why}", "see the chart's own line")
