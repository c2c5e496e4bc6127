"""Published files, never used before their checksum is right."""

import hashlib
import http.client
import json
import re
import shutil
import tarfile
import urllib.request
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from components.errors import SlipwayError
from tools.toolchain.pins import Download

# A network that lets nothing through must not be waited for: the checksums, all at once, are the test.
PROBE_SECONDS = 6.0
STALL_SECONDS = 30.0
_BLOCK = 1 << 20


def checksum_in(text: str, file: str) -> str | None:
    """The SHA-256 of `file` in a publisher's text; None when it is not there."""
    try:
        assets = json.loads(text)["assets"]
        digests = {each["name"]: each.get("digest") or "" for each in assets}
        kind, _, value = digests.get(file, "").partition(":")
        return value if kind == "sha256" else None
    except (ValueError, KeyError, TypeError):
        pass
    for line in text.splitlines():
        words = line.split()
        if words and re.fullmatch(r"[0-9a-f]{64}", words[0]) and (words[1:] == [] or words[-1].lstrip("*") == file):
            return words[0]
    return None


def checksums(downloads: Iterable[Download]) -> tuple[dict[str, str], dict[str, str]]:
    """The checksums by URL of what can be had, and by URL why the others cannot."""
    known: dict[str, str] = {}
    reasons: dict[str, str] = {}

    def look(download: Download) -> None:
        try:
            with urllib.request.urlopen(download.checksum, timeout=PROBE_SECONDS) as answer:
                text = answer.read(4 << 20).decode(errors="replace")
        except (OSError, http.client.HTTPException) as error:
            reasons[download.url] = f"{download.checksum}: {getattr(error, 'reason', None) or error}"
            return
        if value := checksum_in(text, download.url.rpartition("/")[2]):
            known[download.url] = value
        else:
            reasons[download.url] = f"{download.checksum} has no checksum of {download.url.rpartition('/')[2]}"

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(look, downloads))
    return known, reasons


def fetch(url: str, sha256: str, to: Path, progress: Callable[[str], None]) -> None:
    """Download to `to`. Raises SlipwayError, and leaves no file, when it breaks off or is not what was published."""
    total = hashlib.sha256()
    try:
        with urllib.request.urlopen(url, timeout=STALL_SECONDS) as answer, to.open("wb") as file:
            length = int(answer.headers.get("Content-Length") or 0)
            have = 0
            while block := answer.read(_BLOCK):
                total.update(block)
                file.write(block)
                have += len(block)
                of = f" of {length >> 20}" if length else ""
                progress(f"downloading {have >> 20}{of} MB")
    except http.client.HTTPException as error:
        to.unlink(missing_ok=True)
        raise SlipwayError(f"{url} broke off: {error}") from None
    except OSError:
        to.unlink(missing_ok=True)
        raise
    if total.hexdigest() != sha256:
        to.unlink()
        raise SlipwayError(f"{url} is not what its publisher's checksum says ({total.hexdigest()} is not {sha256})")


def unpack(archive: Path, wanted: Iterable[str], folder: Path) -> Mapping[str, Path]:
    """The wanted programs of a .tar.gz, or the file itself as the one program it is."""
    if not archive.name.endswith(".tar.gz"):
        name = next(each for each in wanted if archive.name.startswith(each))
        return {name: archive.rename(folder / f"{name}.new")}
    found = {}
    with tarfile.open(archive) as content:
        for member in content:
            name = member.name.rpartition("/")[2]
            source = content.extractfile(member) if name in wanted and member.isfile() else None
            if source:
                found[name] = folder / f"{name}.new"
                with found[name].open("wb") as file:
                    shutil.copyfileobj(source, file)
    archive.unlink()
    return found
