"""What MLflow's database says of itself: its schema, how much is in it, and which models must have files."""

import urllib.parse
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

# Both databases understand it. A model that is being logged has no files yet, and one that was deleted none any more.
MODELS = """\
select name || ' version ' || version, coalesce(storage_location, source) from model_versions
 where status = 'READY' and current_stage <> 'Deleted_Internal'
union all select 'logged model ' || model_id, artifact_location from logged_models
 where status = 2 and lifecycle_stage = 'active'
"""
# Rows that MLflow makes itself in a new database, and tables of its own background work.
_OWN = {"alembic_version": 1, "alembic_version_auth": 1, "workspaces": 1, "experiments": 1, "users": 1}
_WORK = ("jobs", "job_locks", "scheduler_leases")
# A version that was registered from a logged model lies where that does.
_BY_REFERENCE = "models:"


@dataclass(frozen=True, kw_only=True)
class Facts:
    """`engine` is postgresql or sqlite; `server` PostgreSQL's major version, 0 for SQLite.

    `schema` has the migration that each of MLflow's parts is at, `rows` the number in each table, `models` what each
    model is called and where its files are.
    """

    engine: str
    server: int
    schema: Mapping[str, str]
    rows: Mapping[str, int]
    models: Sequence[Sequence[str]]

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Self:
        return cls(**{**said, "models": said["models"] or []})

    def plain(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def used(self) -> dict[str, int]:
        """What people put there, by table; {} for a database as MLflow makes it."""
        return {name: rows for name, rows in self.rows.items() if name not in _WORK and rows > _OWN.get(name, 0)}

    def without_files(self, keys: Collection[str], bucket: str) -> tuple[list[str], list[str]]:
        """The models that have no file among `keys`, and those whose files lie elsewhere."""
        folders = {folder for key in keys for folder in _above(key)}
        missing, elsewhere = [], []
        for name, location in self.models:
            parts = urllib.parse.urlsplit(location)
            if parts.scheme == "mlflow-artifacts" or (parts.scheme, parts.netloc) == ("s3", bucket):
                if parts.path.strip("/") not in folders:
                    missing.append(f"{name} ({location})")
            elif not location.startswith(_BY_REFERENCE):
                elsewhere.append(f"{name} ({location})")
        return missing, elsewhere


def _above(key: str) -> list[str]:
    parts = key.split("/")[:-1]
    return ["/".join(parts[:depth]) for depth in range(1, len(parts) + 1)]
