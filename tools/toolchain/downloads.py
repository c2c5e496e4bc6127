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
from dataclasses import replace
from pathlib import Path
from urllib.request import Request

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


def sources(downloads: Iterable[Download]) -> tuple[dict[str, str], dict[str, str]]:
    """The checksums by URL of what can be had now, and by URL why the others cannot.

    A pinned checksum stands; its publisher is only asked whether the file is there.
    """
    known: dict[str, str] = {}
    reasons: dict[str, str] = {}

    def look(download: Download) -> None:
        asked = Request(download.url, method="HEAD") if download.sha256 else Request(download.checksum)
        try:
            with urllib.request.urlopen(asked, timeout=PROBE_SECONDS) as answer:
                text = answer.read(4 << 20).decode(errors="replace")
        except (OSError, http.client.HTTPException) as error:
            reasons[download.url] = f"{asked.full_url}: {getattr(error, 'reason', None) or error}"
            return
        if value := download.sha256 or checksum_in(text, download.file_name):
            known[download.url] = value
        else:
            reasons[download.url] = f"{download.checksum} has no checksum of {download.file_name}"

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(look, downloads))
    return known, reasons


def published(download: Download) -> str:
    """The checksum that the publisher gives now. Raises SlipwayError where there is none to be had."""
    known, reasons = sources([replace(download, sha256=None)])
    if reason := reasons.get(download.url):
        raise SlipwayError(reason)
    return known[download.url]


def sha256_of(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def kept(folder: Path | None, download: Download) -> Path | None:
    """Where the file is kept from an earlier time, if it is, and is what is pinned; anything else there is deleted."""
    if not folder or not download.sha256 or not (file := folder / download.sha256).is_file():
        return None
    if sha256_of(file) == download.sha256:
        return file
    file.unlink()
    return None


def fetch(download: Download, sha256: str, to: Path, progress: Callable[[str], None]) -> None:
    """Download to `to`. Raises SlipwayError, and leaves no file, when it breaks off or is not what was published."""
    url = download.url
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
        says = "is pinned" if download.sha256 else "its publisher's checksum says"
        raise SlipwayError(f"{url} is not what {says} ({total.hexdigest()} is not {sha256})")


def unpack(archive: Path, file_name: str, wanted: Iterable[str], folder: Path) -> Mapping[str, Path]:
    """The wanted programs of a .tar.gz, or the file itself as the one program it is; `archive` stays."""
    if not file_name.endswith(".tar.gz"):
        name = next(each for each in wanted if file_name.startswith(each))
        return {name: Path(shutil.copy(archive, folder / f"{name}.new"))}
    found = {}
    with tarfile.open(archive) as content:
        for member in content:
            name = member.name.rpartition("/")[2]
            source = content.extractfile(member) if name in wanted and member.isfile() else None
            if source:
                found[name] = folder / f"{name}.new"
                with found[name].open("wb") as file:
                    shutil.copyfileobj(source, file)
    return found
