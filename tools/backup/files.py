"""Folders of files, on this machine or in a bucket: what holds artifacts, and what holds a backup."""

import contextlib
import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyarrow import fs

from components.clients import private
from components.errors import SlipwayError

S3 = "s3://"
_CHUNK = 1 << 20
# Seconds that a service may take to begin with its answer: PyArrow's own are 1 and 3.
PATIENCE = {"connect_timeout": 30, "request_timeout": 120}


@dataclass(frozen=True)
class Files:
    """All below `root` of a filesystem; names are relative to it, with slashes."""

    system: Any
    root: str

    @classmethod
    def here(cls, folder: Path) -> "Files":
        return cls(fs.LocalFileSystem(), str(folder.absolute()))

    @classmethod
    def at(cls, where: str) -> "Files":
        """A path of this machine, or s3://bucket/path with the keys that AWS's tools find on it."""
        if not where.startswith(S3):
            return cls.here(Path(where))
        with told(where):
            return cls(fs.S3FileSystem(**PATIENCE, **_endpoint()), where.removeprefix(S3).rstrip("/"))

    @property
    def local(self) -> bool:
        return isinstance(self.system, fs.LocalFileSystem)

    def sizes(self) -> dict[str, int]:
        """Every file's size, by its name."""
        with told(self.root):
            found = self.system.get_file_info(fs.FileSelector(self.root, recursive=True, allow_not_found=True))
        below = len(self.root) + 1
        return {each.path[below:]: each.size for each in found if each.type == fs.FileType.File}

    def folders(self) -> list[str]:
        """The names of those right below."""
        with told(self.root):
            found = self.system.get_file_info(fs.FileSelector(self.root, allow_not_found=True))
        return [each.base_name for each in found if each.type == fs.FileType.Directory]

    def has(self, name: str) -> bool:
        with told(f"{self.root}/{name}"):
            return bool(self.system.get_file_info(f"{self.root}/{name}").type == fs.FileType.File)

    @contextlib.contextmanager
    def reading(self, name: str) -> Iterator[Any]:
        with told(f"{self.root}/{name}"), self.system.open_input_stream(f"{self.root}/{name}") as stream:
            yield stream

    @contextlib.contextmanager
    def writing(self, name: str) -> Iterator[Any]:
        """Of a file for this user alone, where it is on this machine."""
        path = f"{self.root}/{name}"
        if self.local:
            private.folder(Path(path).parent)
            os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
        with told(path), self.system.open_output_stream(path) as stream:
            yield stream

    def moved(self, to: "Files") -> None:
        self.system.move(self.root, to.root)

    def remove(self) -> None:
        self.system.delete_dir(self.root)


def _endpoint() -> Mapping[str, str]:
    """Of another S3 than AWS's, from the variable that AWS's own tools read."""
    url = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    if not url:
        return {}
    scheme, _, place = url.rpartition("://")
    return {"scheme": scheme or "https", "endpoint_override": place.rstrip("/")}


@contextlib.contextmanager
def told(where: str) -> Iterator[None]:
    """A failure as an error that a person can read."""
    try:
        yield
    except OSError as error:
        raise SlipwayError(f"{where}: {' '.join(str(error).split())[:600]}") from None


def copied(source: Any, target: Any) -> tuple[int, str]:
    """Hand a stream on; return its size and SHA-256."""
    size, digest = 0, hashlib.sha256()
    while part := source.read(_CHUNK):
        target.write(part)
        digest.update(part)
        size += len(part)
    return size, digest.hexdigest()


def sha256(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
