"""Bring a backup back: its artifacts first, then the database, whole or not at all.

So whatever interrupts, MLflow names nothing that is not there, and the same command goes on.
"""

import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from components.errors import SlipwayError
from tools.backup import manifest as manifests
from tools.backup.facts import Facts
from tools.backup.files import Files, copied
from tools.backup.manifest import Content, Manifest
from tools.backup.places import Places

_AT_ONCE = 8


def read(source: Files) -> Manifest:
    """What the backup says of itself. Raises SlipwayError."""
    try:
        with source.reading(manifests.FILE) as file:
            text = file.read().decode()
    except SlipwayError as error:
        raise SlipwayError(f"{source.root} is no backup that was ended: {error}") from None
    return manifests.read(text, source.root)


def verify(source: Files, manifest: Manifest) -> None:
    """Read all of it. Raises SlipwayError for a file that is missing, cut or altered."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for _ in pool.map(lambda each: _verified(source, each), [manifest.database, *manifest.artifacts]):
            pass


def bring(places: Places, source: Files, manifest: Manifest, *, beside: bool) -> None:
    """Fill what is empty. Raises SlipwayError, with nothing done, where it is not, or does not fit."""
    have = places.database.facts()
    if have.used and all(have.rows.get(name) == rows for name, rows in manifest.facts.rows.items()):
        print("it is restored already", flush=True)
        # The run that did it may have been killed while they were paused.
        with places.servers.paused():
            return
    fits(have, manifest.facts)
    _empty(have, places.artifacts, manifest, beside=beside)
    with places.servers.paused():
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            for _ in pool.map(lambda each: _bring(source, each, places.artifacts), manifest.artifacts):
                pass
        held = places.artifacts.sizes()
        if lost := [each.key for each in manifest.artifacts if held.get(each.key) != each.size]:
            raise SlipwayError(f"{len(lost)} artifacts did not reach the store whole, such as {lost[0]}")
        with _local(source, manifest.database) as dump:
            places.database.restore(dump)
        now = places.database.facts().rows
        if wrong := [name for name, rows in manifest.facts.rows.items() if now.get(name) != rows]:
            raise SlipwayError(f"the database has another number of rows than the backup in {', '.join(wrong)}")


def fits(have: Facts, wanted: Facts) -> None:
    """Raises SlipwayError for a database that cannot take the other one's dump."""
    if have.engine != wanted.engine:
        raise SlipwayError(
            f"the backup is of {wanted.engine}, and this stack's database is {have.engine}",
            remedy="restore it into a stack of its own kind",
        )
    if have.server < wanted.server:
        raise SlipwayError(
            f"the backup is of PostgreSQL {wanted.server}, and this stack's is {have.server}, which may not read it",
            key="slipway:images.postgres",
            remedy=f"begin with PostgreSQL {wanted.server} or newer",
        )
    other = {name: head for name, head in wanted.schema.items() if have.schema.get(name, head) != head}
    for name, head in other.items():
        raise SlipwayError(
            f"the backup has MLflow's schema {head}, and this stack's MLflow has {have.schema[name]} ({name})",
            key="slipway:images.mlflow",
            remedy="restore with the MLflow that the backup was taken from, then change the version",
        )


def _empty(have: Facts, artifacts: Files, manifest: Manifest, *, beside: bool) -> None:
    if have.used:
        said = ", ".join(f"{rows} {name}" for name, rows in have.used.items())
        raise SlipwayError(
            f"MLflow is in use here: its database has {said}. Nothing was done",
            remedy="restore into a stack that was never used; docs/data.md says how to begin anew",
        )
    ours = {each.key: each.size for each in manifest.artifacts}
    held = artifacts.sizes()
    # What a run before brought already may be there: it is written again.
    other = sorted(key for key, size in held.items() if key in ours and ours[key] != size)
    more = sorted(held.keys() - ours.keys())
    if other or (more and not beside):
        raise SlipwayError(
            f"the store holds {len(other or more)} objects that are not the backup's, such as {(other or more)[0]}. "
            "Nothing was done",
            remedy="empty it" if other else "empty it, or write --beside to leave them where they are",
        )


def _verified(source: Files, content: Content) -> None:
    class Nowhere:
        def write(self, _part: bytes) -> None: ...

    with source.reading(content.file) as file:
        _same(content, *copied(file, Nowhere()))


def _bring(source: Files, content: Content, target: Files) -> None:
    with source.reading(content.file) as file, target.writing(content.key) as to:
        _same(content, *copied(file, to))


def _same(content: Content, size: int, digest: str) -> None:
    if (size, digest) != (content.size, content.sha256):
        raise SlipwayError(
            f"{content.file} of the backup was cut or altered: {size} bytes where there were {content.size}, or others"
        )


@contextmanager
def _local(source: Files, content: Content) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / content.file
        with source.reading(content.file) as file, path.open("wb") as to:
            _same(content, *copied(file, to))
        yield path
