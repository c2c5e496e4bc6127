"""The pinned tools, in `.tools/bin`; each is there whole or not at all."""

import contextlib
import errno
import fcntl
import json
import os
import shutil
import sys
import urllib.error
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from components.errors import SlipwayError
from tools.files import write_whole
from tools.toolchain import downloads, go_builds
from tools.toolchain.downloads import sha256_of
from tools.toolchain.pins import PUBLISHED, TOOLS, Tool
from tools.toolchain.progress import Progress

ROOT = Path(__file__).parents[2] / ".tools"
# What one tool, its sources and its compiled packages take at the least.
NEEDED_BYTES = 2 << 30


def is_there(tool: Tool, root: Path = ROOT) -> bool:
    """Whether the tool's programs are those that an installation of this very version left.

    A program that is not the very file that was written then, as after a copy, is read through and compared.
    """
    stamp = root / "stamps" / f"{tool.name}.json"
    try:
        left = json.loads(stamp.read_text())
        if left["version"] != tool.version or set(left["programs"]) != set(tool.makes):
            return False
        now = {name: _identity(root / "bin" / name) for name in tool.makes}
        moved = {name for name in tool.makes if now[name] != left["programs"][name]["identity"]}
        if any(sha256_of(root / "bin" / name) != left["programs"][name]["sha256"] for name in moved):
            return False
    except (OSError, ValueError, KeyError, TypeError):
        return False
    if moved:
        _write_stamp(tool, root, {name: left["programs"][name]["sha256"] for name in tool.makes})
    return True


def _identity(program: Path) -> list[int]:
    """What no copy and no change of the content leaves as it was."""
    of = program.stat()
    return [of.st_ino, of.st_size, of.st_mtime_ns, of.st_ctime_ns]


def _write_stamp(tool: Tool, root: Path, sha256: Mapping[str, str]) -> None:
    programs = {name: {"sha256": sha256[name], "identity": _identity(root / "bin" / name)} for name in tool.makes}
    with contextlib.suppress(PermissionError):
        write_whole(root / "stamps" / f"{tool.name}.json", json.dumps({"version": tool.version, "programs": programs}))


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
    folder_of_kept = kept_in()
    here = {each.url: file for each in wanted if (file := downloads.kept(folder_of_kept, each))}
    if asked := [each for each in wanted if each.url not in here]:
        print("tools: asking their publishers", file=sys.stderr, flush=True)
    known, reasons = downloads.sources(asked)
    known |= {each.url: each.sha256 for each in wanted if each.url in here and each.sha256}
    built = [tool for tool in missing if not (PUBLISHED and all(each.url in known for each in tool.downloads))]
    if built and not go_builds.usable_go():
        print(_told(built), file=sys.stderr, flush=True)
    for number, tool in enumerate(missing, 1):
        progress = Progress(f"[{number}/{len(missing)}] {tool.name} {tool.version}")
        folder = root / "work" / tool.name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        if PUBLISHED and all(each.url in known for each in tool.downloads):
            try:
                programs = _download(tool, known, here, folder, progress)
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


def _told(built: Sequence[Tool]) -> str:
    """What builds will take, said before they begin."""
    minutes = sum(step.minutes for tool in built for step in tool.builds)
    return (
        f"tools: {len(built)} must be built from Go modules: at most about {minutes} min on two cores, seconds where "
        "Go has them in its cache. What is built is kept, so you may stop and go on later. Faster: let this machine "
        "reach get.pulumi.com, dl.k8s.io and github.com, or copy .tools from another checkout on it"
    )


def kept_in() -> Path | None:
    """Where downloads are kept for the next machine, such as a CI's cache; each is compared with its pin again."""
    named = os.environ.get("SLIPWAY_DOWNLOADS")
    return Path(named) if named else None


def _download(
    tool: Tool, known: Mapping[str, str], here: Mapping[str, Path], folder: Path, progress: Progress
) -> dict[str, Path]:
    programs: dict[str, Path] = {}
    for each in tool.downloads:
        file = here.get(each.url)
        if not file:
            file = folder / each.file_name
            downloads.fetch(each, known[each.url], file, progress)
            if (keep := kept_in()) and each.sha256:
                keep.mkdir(parents=True, exist_ok=True)
                shutil.copy(file, keep / f"{each.sha256}.new")
                (keep / f"{each.sha256}.new").rename(keep / each.sha256)
        programs.update(downloads.unpack(file, each.file_name, tool.makes, folder))
    return programs


def _put(tool: Tool, programs: dict[str, Path], root: Path) -> None:
    """Move the programs into place, the stamp last. Raises SlipwayError when one is missing."""
    if absent := sorted(set(tool.makes) - set(programs)):
        raise SlipwayError(f"{tool.name} {tool.version} came without {', '.join(absent)}")
    (root / "bin").mkdir(exist_ok=True)
    (root / "stamps").mkdir(exist_ok=True)
    (root / "stamps" / f"{tool.name}.json").unlink(missing_ok=True)
    for name in tool.makes:
        programs[name].chmod(0o755)
        programs[name].replace(root / "bin" / name)
    _write_stamp(tool, root, {name: sha256_of(root / "bin" / name) for name in tool.makes})


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
