"""Which versions a model's environment will have: found out before anything is built, on this machine."""

import platform
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

import uv

from components.serving import requirement_lines as read
from components.serving.problem import ServingError

# The requirements with all of MLflow in them, where less of it is installed.
WHOLE = "whole.txt"
# What they resolve to; not part of the image's context.
BOUNDS = "whole.lock"
_PLACES = ("--index-url", "--extra-index-url", "--no-index", "--find-links", "--trusted-host")
# How; the versions are known by then, and only a build from source is still a choice.
_FORMS = ("--no-binary", "--only-binary")
_MACHINES = {"arm64": "aarch64", "aarch64": "aarch64"}


def target() -> str:
    """The platform of the images that this machine builds."""
    return f"{_MACHINES.get(platform.machine(), 'x86_64')}-manylinux_2_28"


def lock(
    folder: Path, python: str, *, index: str | None = None, wheels_only: bool = False, hashes: bool = False
) -> str:
    """The lines to install for `folder`/requirements.txt, minding `folder`/overrides.txt. Raises ServingError.

    Across all indexes that the lines name, as pip looks, and not in the first alone.
    """
    bounds = _whole(folder, python, index)
    lines = (folder / "requirements.txt").read_text("utf-8").splitlines()
    options = [
        *_options(lines, python, index),
        *("--overrides", "overrides.txt", *bounds),
        *(("--only-binary", ":all:") if wheels_only else ()),
        *(("--generate-hashes",) if hashes else ()),
    ]
    done = _uv(["pip", "compile", "requirements.txt", *options], folder)
    if done.returncode:
        raise ServingError(explained(done.stderr, python))
    # Where to look is the build's own affair, but for what the model itself says of it.
    places = [line for line in lines if line.startswith((*_PLACES, *_FORMS))]
    locked = with_own_hashes(done.stdout, lines) if hashes else done.stdout
    return "".join(f"{line}\n" for line in (*places, *locked.splitlines()))


def _options(lines: Sequence[str], python: str, index: str | None) -> list[str]:
    return [
        *("--python-version", python, "--python-platform", target(), "--index-strategy", "unsafe-best-match"),
        *("--no-header", "--no-annotate", "--quiet"),
        *(("--default-index", index) if index else ()),
        # uv reads that line and says that it does nothing.
        *(("--prerelease", "allow") if "--pre" in lines else ()),
    ]


def with_own_hashes(locked: str, lines: Sequence[str]) -> str:
    """With those hashes alone that the model gives, where it gives some: uv has all that the index knows."""
    own = {read.name(line): re.findall(r"--hash[= ](\S+)", line) for line in lines if "--hash" in line}
    result = []
    for entry in re.sub(r"\s*\\\n\s*", " ", locked).splitlines():
        hashes = own.get(read.name(entry))
        result.append(" ".join((entry.partition(" --hash")[0], *map("--hash={}".format, hashes))) if hashes else entry)
    return "".join(f"{entry}\n" for entry in result)


def _whole(folder: Path, python: str, index: str | None) -> list[str]:
    """Options that hold the versions to those that all of MLflow allows: mlflow-skinny has no bounds of its own."""
    if not (folder / WHOLE).is_file():
        return []
    if (folder / BOUNDS).is_file():
        return ["--constraints", BOUNDS]
    lines = (folder / WHOLE).read_text("utf-8").splitlines()
    done = _uv(["pip", "compile", WHOLE, *_options(lines, python, index)], folder)
    if done.returncode:
        raise ServingError(explained(done.stderr, python))
    # What comes from a path or a URL needs no bound.
    pins = [line for line in done.stdout.splitlines() if re.match(r"[\w.-]+(\[[^\]]*\])?==", line)]
    (folder / BOUNDS).write_text("".join(f"{line}\n" for line in pins), "utf-8")
    return ["--constraints", BOUNDS]


def needs_compiler(folder: Path, python: str, locked: str, index: str | None = None) -> bool:
    """Whether something that is to be installed has no wheel for the image."""
    if re.search(r"(git|hg|svn|bzr)\+", locked):
        return True
    try:
        return lock(folder, python, index=index, wheels_only=True) == ""
    except ServingError:
        return True


def explained(words: str, python: str) -> str:
    """uv's own words, which name both sides of a clash, and what to do."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", words).strip()
    return (
        f"the model's requirements do not go together under Python {python}:\n{text}\n"
        "Log the model again with pins that agree, or write the Python that they are for as `python` of the model"
    )


def _uv(arguments: Sequence[str], folder: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([uv.find_uv_bin(), *arguments], cwd=folder, capture_output=True, text=True, check=False)
