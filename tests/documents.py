"""The shell commands of the documents, and what runs each.

A block of commands is fenced as `sh`. One that this machine alone cannot run begins with a line `# Needs: …`, which
readers see as well; every other block is run by a test.
"""

import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

PROJECT = Path(__file__).parents[1]
PAGES = sorted(
    page.relative_to(PROJECT)
    for pattern in ("*.md", "docs/**/*.md", "hpa/**/*.md", "model/**/*.md")
    for page in PROJECT.glob(pattern)
)
_FENCE = re.compile(r"^ *```(?P<language>.*)\n(?P<text>(?:.*\n)*?) *```$", re.MULTILINE)
_NEEDS = "# Needs: "
_SUITE = re.compile(r"^make (test[a-z-]*|lint|docs|coverage)\b.*$", re.MULTILINE)
_OF_A_STACK = re.compile(
    r"^make (up|predict|preview|refresh|status|start|stop|destroy|logs|open|graph)\b", re.MULTILINE
)

# Which tests run a block: those of MLflow by itself, those of the local stack, or what only files are needed for.
Runner = Literal["mlflow", "local stack", "files", "suite"]


@dataclass(frozen=True)
class Block:
    """A fenced block of a page."""

    page: Path
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"

    @property
    def needs(self) -> str | None:
        """What must be there before a reader, or a test, can run it."""
        first = self.text.partition("\n")[0]
        return first.removeprefix(_NEEDS) if first.startswith(_NEEDS) else None

    @property
    def script(self) -> str:
        """What a test runs of it: the tests do not run themselves."""
        return _SUITE.sub("", self.text)

    @property
    def runner(self) -> Runner | None:
        if self.needs is not None:
            return None
        if "mlflow " in self.script or "/invocations" in self.script:
            return "mlflow"
        if _OF_A_STACK.search(self.script):
            return "local stack"
        return "files" if self.script.strip() else "suite"


def blocks() -> Iterator[Block]:
    """Every fenced block, page by page."""
    for page in PAGES:
        text = (PROJECT / page).read_text()
        for found in _FENCE.finditer(text):
            line = text.count("\n", 0, found.start()) + 1
            yield Block(page, line, found["language"], found["text"])


def shell() -> list[Block]:
    """Those that are commands."""
    return [block for block in blocks() if block.language == "sh"]


def scratch_checkout(folder: Path) -> Path:
    """A second checkout, with the project's tools and virtual environment, in which commands leave what they like."""
    ignored = shutil.ignore_patterns(".*", "__pycache__", "rendered")
    shutil.copytree(PROJECT, folder, ignore=ignored, dirs_exist_ok=True)
    (folder / ".venv").symlink_to(sys.prefix)
    (folder / ".tools").symlink_to(PROJECT / ".tools")
    return folder
