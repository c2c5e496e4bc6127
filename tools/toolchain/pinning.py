"""Write down the checksums of what is pinned."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from components.errors import SlipwayError
from tools.files import write_whole
from tools.toolchain.downloads import published
from tools.toolchain.pins import ARCHITECTURES, CHECKSUMS, Download, on_demand, tools

_HEAD = "# SHA-256 of the published tools. Written by: python -m tools tools --pin\n"


def all_downloads() -> list[Download]:
    """Of every architecture."""
    return [each for arch in ARCHITECTURES for tool in (*tools(arch), *on_demand(arch)) for each in tool.downloads]


def write_checksums(downloads: Iterable[Download] | None = None, file: Path = CHECKSUMS) -> str:
    """Ask every publisher and write the file; what was done. Raises SlipwayError, and writes nothing, when a checksum
    that is pinned already is another one now.

    What cannot be asked keeps its pin, if it has one.
    """
    wanted = list(all_downloads() if downloads is None else downloads)
    failed: dict[str, str] = {}

    def ask(download: Download) -> str | None:
        try:
            return published(download)
        except SlipwayError as error:
            failed[download.url] = str(error)
            return download.sha256

    with ThreadPoolExecutor(16) as pool:
        found = dict(zip((each.url for each in wanted), pool.map(ask, wanted), strict=True))
    changed = [each for each in wanted if each.sha256 and found[each.url] != each.sha256]
    if changed:
        raise SlipwayError(
            "\n".join(f"{each.url} was {each.sha256} and is {found[each.url]} now" for each in changed),
            remedy="a published file never changes: find out why before you delete its line from " + file.name,
        )
    lines = sorted(f"{sha256}  {url}\n" for url, sha256 in found.items() if sha256)
    write_whole(file, _HEAD + "".join(sorted(lines, key=lambda line: line.split()[1])))
    said = [f"not asked: {why}" for why in failed.values()]
    return "\n".join([*said, f"{file}: {len(lines)} of {len(wanted)} files"])
