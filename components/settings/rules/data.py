"""Contradictions in MLflow and its stores."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from components.settings.problems import Problem, fault

if TYPE_CHECKING:
    from components.settings import Settings

SECRET_PLACEHOLDER = "secure value"


def check(settings: Settings) -> Iterator[Problem]:
    database, store = settings.database, settings.object_store
    if database.url:
        url = database.url.get_secret_value()
        if url != SECRET_PLACEHOLDER and not url.startswith("postgresql+psycopg2://"):
            # MLflow's image has both drivers, and SQLAlchemy 2.1 reads a bare postgresql:// as psycopg 3.
            yield fault(("database", "url"), None, "write postgresql+psycopg2://user:password@host:5432/name")
    if store.engine != "s3":
        for key, value in (("endpoint", store.endpoint), ("accessKeyId", store.access_key_id)):
            if value:
                yield fault(
                    ("objectStore", key), value, f"only for `engine: s3`; the {store.engine} engine makes its own"
                )
        if store.secret_access_key:
            yield fault(
                ("objectStore", "secretAccessKey"),
                None,
                f"only for `engine: s3`; the {store.engine} engine makes its own",
            )
    elif (store.access_key_id is None) != (store.secret_access_key is None):
        yield fault(("objectStore",), "s3", "write both `accessKeyId` and the secret `secretAccessKey`, or neither")
    if not (settings.tracking.hosts or settings.tracking.uri or settings.ingress.address or settings.cluster.kind):
        yield fault(("tracking", "hosts"), None, "write the host name that MLflow is to have at the ingress")
    if settings.tracking.replicas > 1 and settings.platform.mesh == "off":
        yield fault(
            ("tracking", "replicas"), settings.tracking.replicas, "needs an ingress; write 1 or install the mesh"
        )
