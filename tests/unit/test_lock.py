"""What is installed is what was locked: each package in one version on each platform, each file by its hash."""

import re
from pathlib import Path

LOCK = Path("requirements.lock").read_text()
# A requirement, its marker, and the hashes on the lines below it.
ENTRIES = re.findall(
    r"^([a-z0-9._-]+)==([^ ;\\]+)(.*)\n((?: +--hash=sha256:[0-9a-f]{64}(?: \\)?\n)*)", LOCK, re.MULTILINE
)


def name(text: str) -> str:
    return re.sub(r"[-_.]+", "-", text).lower()


def test_every_requirement_is_locked_in_its_version() -> None:
    locked = {name(package): version for package, version, *_ in ENTRIES}
    asked = [
        line.partition("==")
        for file in ("requirements.txt", "requirements-dev.txt")
        for line in Path(file).read_text().splitlines()
        if line and not line.startswith(("#", "-r"))
    ]
    assert len(asked) > 25
    for package, equal, version in asked:
        assert equal, f"{package} is not pinned"
        assert locked.get(name(package)) == version, f"{package}: make lock"


def test_every_package_has_the_hash_of_each_of_its_files() -> None:
    lines = [line for line in LOCK.splitlines() if line and not line.startswith((" ", "#"))]
    assert len(lines) == len(ENTRIES) > 150
    for package, _, _, hashes in ENTRIES:
        assert "--hash=sha256:" in hashes, package


def test_nothing_but_the_lock_is_installed() -> None:
    [installation] = re.findall(r"pip install (.*)", Path("Makefile").read_text().partition("\nlock:")[0])
    assert installation == "--quiet --require-hashes --requirement requirements.lock"
    assert not Path("constraints.txt").exists()
