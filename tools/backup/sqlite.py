"""A SQLite database, as MLflow of an embedded stack has one."""

import contextlib
import os
import shutil
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from tools.backup.facts import MODELS, Facts


@dataclass(frozen=True)
class Sqlite:
    file: Path

    def facts(self) -> Facts:
        return _facts(self.file)

    def dump(self, to: Path) -> Facts:
        """Write the database to a file as it is at one moment, whoever writes to it meanwhile."""
        with contextlib.closing(_reading(self.file)) as source, contextlib.closing(sqlite3.connect(to)) as target:
            source.backup(target)
        return _facts(to)

    def restore(self, dump: Path) -> None:
        """Put the dump in the place of the database, whole or not at all; nobody may have it open."""
        beside = self.file.with_name(f"{self.file.name}.restored")
        shutil.copyfile(dump, beside)
        for left in ("-wal", "-shm"):
            self.file.with_name(f"{self.file.name}{left}").unlink(missing_ok=True)
        os.replace(beside, self.file)


def _reading(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)


def _facts(file: Path) -> Facts:
    with contextlib.closing(_reading(file)) as database:
        tables = [name for (name,) in database.execute("select name from sqlite_master where type = 'table'")]
        return Facts(
            engine="sqlite",
            server=0,
            schema={
                name: database.execute(f'select version_num from "{name}"').fetchone()[0]
                for name in tables
                if name.startswith("alembic_version")
            },
            rows={name: database.execute(f'select count(*) from "{name}"').fetchone()[0] for name in tables},
            models=[list(each) for each in database.execute(MODELS)],
        )
