"""The pinned tools, in `.tools/bin`; each is there whole or not at all."""

import contextlib
import errno
import fcntl
import json
import shutil
import sys
import urllib.error
from collections.abc import Iterator, Sequence
from pathlib import Path

from components.errors import SlipwayError
from tools.toolchain import downloads, go_builds
from tools.toolchain.pins import PUBLISHED, TOOLS, Tool
from tools.toolchain.progress import Progress

ROOT = Path(__file__).parents[2] / ".tools"
# What one tool, its sources and its compiled packages take at the least.
NEEDED_BYTES = 2 << 30


def is_there(tool: Tool, root: Path = ROOT) -> bool:
    """Whether the tool's programs are those that an installation of this very version left."""
    try:
        stamp = json.loads((root / "stamps" / f"{tool.name}.json").read_text())
        sizes = {name: (root / "bin" / name).stat().st_size for name in tool.makes}
    except (OSError, ValueError):
        return False
    return bool(stamp == {"version": tool.version, "sizes": sizes})


def install(tools: Sequence[Tool] = TOOLS, root: Path = ROOT) -> None:
    """Get every tool that is not there. Raises SlipwayError that says which failed, why and what to do."""
    if all(is_there(tool, root) for tool in tools):
        return
    try:
        root.mkdir(parents=True, exist_ok=True)
        with _alone(root):
            _install([tool for tool in tools if not is_there(tool, root)], root)
    except PermissionError as error:
        raise SlipwayError(f"{error.filename}: no write access; the tools go into {root}: make it writable") from None
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise SlipwayError(f"the disk of {root} is full: the tools take 1 GB; make room and go on") from None
        raise SlipwayError(f"{error.filename or root}: {error.strerror}; the tools go into {root}") from None


def _install(missing: Sequence[Tool], root: Path) -> None:
    wanted = [each for tool in missing for each in tool.downloads] if PUBLISHED else []
    if wanted:
        print("tools: asking their publishers for checksums", file=sys.stderr, flush=True)
    known, reasons = downloads.checksums(wanted)
    for number, tool in enumerate(missing, 1):
        progress = Progress(f"[{number}/{len(missing)}] {tool.name} {tool.version}")
        folder = root / "work" / tool.name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        if PUBLISHED and all(each.url in known for each in tool.downloads):
            try:
                programs = _download(tool, known, folder, progress)
                _put(tool, programs, root)
                progress.done("downloaded, checksums right,")
                continue
            except (SlipwayError, TimeoutError, ConnectionError, urllib.error.URLError) as error:
                reasons.update({each.url: str(error) for each in tool.downloads})
        why = next((reasons[each.url] for each in tool.downloads if each.url in reasons), "not published for this OS")
        if problem := go_builds.usable_go():
            raise SlipwayError(
                f"{tool.name} {tool.version} cannot be downloaded ({why}), nor built: {problem}. Let this machine "
                "reach get.pulumi.com, dl.k8s.io and github.com, or install Go 1.21 or later "
                "(https://go.dev/doc/install); then run the same command again"
            )
        if (free := shutil.disk_usage(root).free) < NEEDED_BYTES:
            raise SlipwayError(
                f"{tool.name} {tool.version}: {free >> 20} MB are free on the disk of {root}; a build needs at least "
                f"{NEEDED_BYTES >> 30} GB (all of them, from nothing, about 20 GB, mostly in Go's own caches)"
            )
        progress(f"not downloaded ({why}); building")
        for step in tool.builds:
            go_builds.build(step, tool.version, folder, progress)
        _put(tool, {path.name: path for path in (folder / "out").iterdir()}, root)
        progress.done("built")
    shutil.rmtree(root / "work", ignore_errors=True)


def _download(tool: Tool, known: dict[str, str], folder: Path, progress: Progress) -> dict[str, Path]:
    programs: dict[str, Path] = {}
    for each in tool.downloads:
        file = folder / each.url.rpartition("/")[2]
        downloads.fetch(each.url, known[each.url], file, progress)
        programs.update(downloads.unpack(file, tool.makes, folder))
    return programs


def _put(tool: Tool, programs: dict[str, Path], root: Path) -> None:
    """Move the programs into place, the stamp last. Raises SlipwayError when one is missing."""
    if absent := sorted(set(tool.makes) - set(programs)):
        raise SlipwayError(f"{tool.name} {tool.version} came without {', '.join(absent)}")
    (root / "bin").mkdir(exist_ok=True)
    (root / "stamps").mkdir(exist_ok=True)
    stamp = root / "stamps" / f"{tool.name}.json"
    stamp.unlink(missing_ok=True)
    for name in tool.makes:
        programs[name].chmod(0o755)
        programs[name].replace(root / "bin" / name)
    sizes = {name: (root / "bin" / name).stat().st_size for name in tool.makes}
    stamp.write_text(json.dumps({"version": tool.version, "sizes": sizes}))


@contextlib.contextmanager
def _alone(root: Path) -> Iterator[None]:
    """One installation at a time; a second one waits and then finds everything there."""
    with (root / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("tools: another command is getting them; waiting for it", file=sys.stderr, flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
