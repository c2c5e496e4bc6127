"""Take a backup: the database of one moment, then the artifacts that it names.

MLflow uploads a model's files before the database says that it is ready, and never writes another content under a name
that it has given. So what lies in the store after the dump holds all that the dump names; what came in between is more,
and does no harm. Only deletions (`mlflow gc`) would take something away meanwhile, and those are noticed.
"""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from components.errors import SlipwayError
from tools.backup import manifest as manifests
from tools.backup.files import Files, copied
from tools.backup.manifest import Content, Manifest
from tools.backup.places import Places

DATABASE = "database.dump"
_AT_ONCE = 8


def take(stack: str, places: Places, target: Files, bucket: str, owned: Sequence[str]) -> Manifest:
    """Write the backup to `target`, which holds nothing yet; its manifest is written last. Raises SlipwayError."""
    before = places.artifacts.sizes()
    with tempfile.TemporaryDirectory() as folder:
        dump = Path(folder) / DATABASE
        made = datetime.now(UTC)
        facts = places.database.dump(dump)
        with dump.open("rb") as source, target.writing(DATABASE) as file:
            size, digest = copied(source, file)
    held = places.artifacts.sizes()
    _nothing_gone(before, held)
    missing, elsewhere = facts.without_files(held, bucket)
    if missing:
        raise SlipwayError(
            f"{len(missing)} models that MLflow knows have no files in the store: {', '.join(missing[:5])}",
            remedy="delete them in MLflow, or bring their files back; then take the backup",
        )
    if elsewhere:
        print(f"not in the backup, for they lie elsewhere: the files of {', '.join(elsewhere[:5])}", flush=True)
    artifacts = _each(sorted(held), lambda number, key: _artifact(places.artifacts, key, target, number))
    _nothing_gone(held, places.artifacts.sizes())
    done = Manifest(
        stack=stack,
        made=made.isoformat(timespec="seconds"),
        bucket=bucket,
        facts=facts,
        database=Content(file=DATABASE, size=size, sha256=digest),
        artifacts=artifacts,
        owned=owned,
    )
    with target.writing(manifests.FILE) as file:
        file.write(done.text().encode())
    return done


def _nothing_gone(before: Mapping[str, int], after: Mapping[str, int]) -> None:
    if gone := sorted(before.keys() - after.keys()):
        raise SlipwayError(
            f"{len(gone)} artifacts were deleted meanwhile, such as {gone[0]}: there is no backup",
            remedy="run it again when `mlflow gc` does not run",
        )


def _artifact(source: Files, key: str, target: Files, number: int) -> Content:
    """A key may be anything; the backup's own file has a number."""
    file = f"artifacts/{number:08}"
    with source.reading(key) as content, target.writing(file) as to:
        size, digest = copied(content, to)
    return Content(key=key, file=file, size=size, sha256=digest)


def _each(keys: Sequence[str], act: Callable[[int, str], Content]) -> list[Content]:
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(lambda pair: act(*pair), enumerate(keys)))
