"""Contradictions in MLflow and its stores."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from pydantic import SecretStr

from components.settings.data import OPERATOR_NAMESPACE, CloudNativePg
from components.settings.problems import Path, Problem, fault
from components.settings.stack import Settings

SECRET_PLACEHOLDER = "secure value"


def check(settings: Settings) -> Iterator[Problem]:
    yield from _database(settings)
    yield from _object_store(settings)
    yield from _tracking(settings)
    if settings.embedded:
        yield from _embedded(settings)


def _database(settings: Settings) -> Iterator[Problem]:
    database = settings.database
    if database.url:
        url = database.url.get_secret_value()
        if url != SECRET_PLACEHOLDER and not url.startswith("postgresql+psycopg2://"):
            # MLflow's image has both drivers, and SQLAlchemy 2.1 reads a bare postgresql:// as psycopg 3.
            yield fault(("database", "url"), None, "write postgresql+psycopg2://user:password@host:5432/name")
        if database.cloud_native_pg:
            yield fault(("database",), None, "write one of `url` and `cloudNativePg`: each is a database")
        if database.keep:
            yield fault(
                ("database", "keep"), True, "the database at `url` is never touched by a destroy; remove this key"
            )
    if database.cloud_native_pg:
        yield from _cloud_native_pg(settings, database.cloud_native_pg)


def _cloud_native_pg(settings: Settings, cluster: CloudNativePg) -> Iterator[Problem]:
    here, backup, recovery = ("database", "cloudNativePg"), cluster.backup, cluster.recovery
    if settings.platform.database_operator == "off":
        yield fault(("platform", "databaseOperator"), "off", "database.cloudNativePg needs it; write install")
    if settings.platform.database_operator == "install" and cluster.operator_namespace != OPERATOR_NAMESPACE:
        yield fault(
            (*here, "operatorNamespace"),
            cluster.operator_namespace,
            "Slipway installs the operator; remove this, or write platform.databaseOperator: existing",
        )
    if settings.database.volume_permissions:
        yield fault(
            ("database", "volumePermissions"), True, "CloudNativePG never runs as root; use a class that knows fsGroup"
        )
    if backup:
        if settings.platform.certificates == "off":
            yield fault(
                ("platform", "certificates"), "off", "CloudNativePG's backup plugin needs cert-manager; write install"
            )
        yield from _keys((*here, "backup"), backup.access_key_id, backup.secret_access_key, backup.identity)
    if recovery and not backup:
        yield fault((*here, "recovery"), None, "write the `backup` whose destination holds what is to be recovered")
    if recovery and recovery.source == cluster.name:
        yield fault(
            (*here, "name"), cluster.name, "a recovered cluster writes backups of its own; write another name, "
            f"such as {cluster.name}-2"
        )  # fmt: skip


def _object_store(settings: Settings) -> Iterator[Problem]:
    store = settings.object_store
    if store.engine == "s3":
        yield from _keys(("objectStore",), store.access_key_id, store.secret_access_key, store.identity)
        if store.keep:
            yield fault(
                ("objectStore", "keep"), True, "a bucket of `engine: s3` is never touched by a destroy; remove this key"
            )
        return
    own = f"only for `engine: s3`; the {store.engine} engine makes its own"
    for key, value in (("endpoint", store.endpoint), ("accessKeyId", store.access_key_id)):
        if value:
            yield fault(("objectStore", key), value, own)
    if store.secret_access_key:
        yield fault(("objectStore", "secretAccessKey"), None, own)
    if store.identity:
        yield fault(("objectStore", "identity"), None, own)


def _keys(here: Path, identifier: str | None, secret: SecretStr | None, identity: dict[str, str]) -> Iterator[Problem]:
    if (identifier is None) != (secret is None):
        yield fault(here, None, "write both `accessKeyId` and the secret `secretAccessKey`, or neither")
    if secret and identity:
        yield fault((*here, "identity"), None, "keys stand beside it, and would be used instead; write one of the two")


def _tracking(settings: Settings) -> Iterator[Problem]:
    if not (settings.tracking.hosts or settings.tracking.uri or settings.ingress.address or settings.cluster.kind):
        yield fault(("tracking", "hosts"), None, "write the host name that MLflow is to have at the ingress")
    if settings.tracking.replicas > 1 and settings.platform.mesh == "off":
        yield fault(
            ("tracking", "replicas"), settings.tracking.replicas, "needs an ingress; write 1 or install the mesh"
        )
    yield from _passwords(settings)


def _passwords(settings: Settings) -> Iterator[Problem]:
    """No password of MLflow's users crosses a network in the clear: not at the gateway, and not from this machine."""
    tracking = settings.tracking
    if tracking.uri and urlsplit(tracking.uri).username is not None:
        yield fault(
            ("tracking", "uri"), None, "a user and a password stand in it, for all to read; write it without them"
        )
    # An embedded stack has no users: see below.
    if not tracking.auth or settings.embedded:
        return
    clear = "passwords would cross the network in the clear"
    if tracking.uri and not tracking.uri.startswith("https://"):
        yield fault(("tracking", "uri"), tracking.uri, f"with tracking.auth, {clear}; write https://…")
    if not settings.ingress.tls and (settings.platform.mesh != "off" or not tracking.uri):
        yield fault(("tracking", "auth"), True, f"{clear}; write ingress.tls")


def _embedded(settings: Settings) -> Iterator[Problem]:
    """An embedded cluster's pods are simulated: nothing in them keeps data or refuses a password."""
    simulated = {
        ("database", "cloudNativePg"): settings.database.cloud_native_pg,
        ("database", "keep"): settings.database.keep,
        ("objectStore", "keep"): settings.object_store.keep,
        ("tracking", "auth"): settings.tracking.auth,
    }
    for path, value in simulated.items():
        if value:
            yield fault(path, None, "an embedded stack only simulates its pods; remove this key")
