"""What a training Job is given: its script as it is, or packed, with the folder that it needs."""

import base64
import bz2
import io
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from components import settings as s
from components.errors import SlipwayError

# A ConfigMap holds a mebibyte, with its metadata.
PART = 900_000
_MOST = 8
_RUNNER = Path(__file__).parent / "scripts" / "run_packed.py"


@dataclass(frozen=True, kw_only=True)
class TrainingFiles:
    """`words` start the script; `texts` and `parts` are the files beside it, a ConfigMap for each part."""

    words: tuple[str, ...]
    texts: dict[str, str]
    parts: tuple[bytes, ...] = ()

    @classmethod
    def of(cls, train: s.Train) -> "TrainingFiles":
        """Raises SlipwayError for a folder that is too large."""
        script = Path(train.script)
        if not train.folder and script.stat().st_size <= PART:
            return cls(words=(f"/model/{script.name}",), texts={script.name: script.read_text("utf-8")})
        folder = Path(train.folder) if train.folder else None
        name = script.relative_to(folder) if folder else Path(script.name)
        content = packed(folder, script)
        parts = tuple(content[start : start + PART] for start in range(0, len(content), PART))
        if len(parts) > _MOST:
            raise SlipwayError(
                f"{folder or script} is {len(content) / 1e6:.1f} MB packed, of {_MOST * PART / 1e6:.1f} MB at most",
                remedy="keep data elsewhere, such as in the object store, and let the script fetch it",
            )
        return cls(
            words=(f"/model/{_RUNNER.name}", str(name)), texts={_RUNNER.name: _RUNNER.read_text("utf-8")}, parts=parts
        )

    def binary(self, part: int) -> dict[str, str]:
        """One part as a ConfigMap has it."""
        return {f"part-{part:02}": base64.b64encode(self.parts[part]).decode()}


def packed(folder: Path | None, script: Path) -> bytes:
    """The folder, or the script alone, as a tar whose bytes say nothing but names and contents.

    What is packed on another machine must be the same bytes, or the model is trained again. bzip2's are; those of gzip
    differ between zlib and its forks.
    """
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name in _carried(folder) if folder else [Path(script.name)]:
            path = folder / name if folder else script
            entry = tarfile.TarInfo(name.as_posix())
            entry.size, entry.mode = path.stat().st_size, 0o644
            with path.open("rb") as file:
                tar.addfile(entry, file)
    return bz2.compress(out.getvalue())


def _carried(folder: Path) -> Iterator[Path]:
    """The files of the folder, but for what editors, systems and Python leave in it, and environments of one's own."""
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        if path.is_file() and not any(part.startswith(".") or part == "__pycache__" for part in name.parts):
            yield name
