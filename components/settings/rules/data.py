"""Contradictions in MLflow and its stores."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from pydantic import SecretStr

from components.settings import database_url
from components.settings.addresses import split_address
from components.settings.data import OPERATOR_NAMESPACE, CloudNativePg
from components.settings.problems import Path, Problem, fault, missing
from components.settings.rules.containers import request_over_limit
from components.settings.section import Section
from components.settings.stack import Settings
from components.settings.text import SECRET_PLACEHOLDER

# What MLflow answers without being told (components/data/tracking.py).
_MLFLOW_KNOWS = ("localhost", "127.0.0.1")


def resources(settings: Settings) -> Iterator[Problem]:
    yield from request_over_limit(settings.database.resources, ("database", "resources"))
    yield from request_over_limit(settings.object_store.resources, ("objectStore", "resources"))
    yield from request_over_limit(settings.tracking.resources, ("tracking", "resources"))


def one_database(settings: Settings) -> Iterator[Problem]:
    if settings.database.url and settings.database.cloud_native_pg:
        yield fault(("database",), None, "write one of `url` and `cloudNativePg`: each is a database")


def url_of_database(settings: Settings) -> Iterator[Problem]:
    database = settings.database
    if not database.url:
        return
    if reason := database_url.problem(database.url.get_secret_value()):
        yield fault(("database", "url"), None, reason)
    if database.keep:
        yield fault(("database", "keep"), True, "the database at `url` is never touched by a destroy; remove this key")
    yield from _written(("database",), database, "the database is the one at `url`")


def _written(here: Path, section: Section, why: str) -> Iterator[Problem]:
    """Keys of a server that the stack does not run."""
    for name in ("storage", "resources", "volume_permissions"):
        if name in section.model_fields_set:
            key = type(section).model_fields[name].alias or name
            yield fault((*here, key), None, f"without effect: {why}; remove it")


def cloud_native_pg(settings: Settings) -> Iterator[Problem]:
    cluster, here = settings.database.cloud_native_pg, ("database", "cloudNativePg")
    if not cluster:
        return
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
    yield from _backup(settings, cluster, here)


def _backup(settings: Settings, cluster: CloudNativePg, here: Path) -> Iterator[Problem]:
    backup, recovery = cluster.backup, cluster.recovery
    if backup and settings.platform.certificates == "off":
        yield fault(
            ("platform", "certificates"), "off", "CloudNativePG's backup plugin needs cert-manager; write install"
        )
    if recovery and not backup:
        yield fault((*here, "recovery"), None, "write the `backup` whose destination holds what is to be recovered")
    if recovery and recovery.source == cluster.name:
        yield fault(
            (*here, "name"), cluster.name, "a recovered cluster writes backups of its own; write another name, "
            f"such as {cluster.name}-2"
        )  # fmt: skip
    if backup:
        yield from _keys((*here, "backup"), backup.access_key_id, backup.secret_access_key, backup.identity)


def object_store(settings: Settings) -> Iterator[Problem]:
    store = settings.object_store
    if store.engine == "s3":
        if store.keep:
            yield fault(
                ("objectStore", "keep"), True, "a bucket of `engine: s3` is never touched by a destroy; remove this key"
            )
        yield from _written(("objectStore",), store, "the store is the one of `engine: s3`")
        if not store.endpoint and "bucket" not in store.model_fields_set:
            yield missing(
                ("objectStore", "bucket"),
                "on AWS a bucket's name belongs to one account; write the name of your bucket",
            )
        yield from _keys(("objectStore",), store.access_key_id, store.secret_access_key, store.identity)
        return
    own = f"only for `engine: s3`; the {store.engine} engine makes its own"
    if store.endpoint:
        yield fault(("objectStore", "endpoint"), store.endpoint, own)
    for name in ("access_key_id", "secret_access_key", "identity"):
        if getattr(store, name):
            yield fault(("objectStore", type(store).model_fields[name].alias or name), None, own)


def _keys(here: Path, identifier: str | None, secret: SecretStr | None, identity: dict[str, str]) -> Iterator[Problem]:
    if (identifier is None) != (secret is None):
        yield fault(here, None, "write both `accessKeyId` and the secret `secretAccessKey`, or neither")
    if secret and identity:
        yield fault((*here, "identity"), None, "keys stand beside it, and would be used instead; write one of the two")


def a_way_to_tracking(settings: Settings) -> Iterator[Problem]:
    tracking = settings.tracking
    if not (tracking.hosts or tracking.uri or settings.ingress.address or settings.cluster.kind):
        yield fault(("tracking", "hosts"), None, "write the host name that MLflow is to have at the ingress")
    if tracking.replicas > 1 and settings.platform.mesh == "off":
        yield fault(("tracking", "replicas"), tracking.replicas, "needs an ingress; write 1 or install the mesh")


def hosts_that_mlflow_answers(settings: Settings) -> Iterator[Problem]:
    """MLflow refuses (403 Invalid Host header) what it is not told of."""
    tracking, address = settings.tracking, settings.ingress.address
    if settings.embedded:
        return
    known = (*_MLFLOW_KNOWS, *tracking.hosts)
    if address and not tracking.hosts and not tracking.uri and split_address(address)[0] not in known:
        yield fault(
            ("ingress", "address"),
            address,
            "MLflow would be asked by this name, and refuses it; write the name that it is to have as tracking.hosts",
        )
    host = urlsplit(tracking.uri or "").hostname
    if host and tracking.uri != SECRET_PLACEHOLDER and host not in known:
        yield fault(
            ("tracking", "uri"),
            tracking.uri,
            "MLflow refuses to be asked by this name; add it to tracking.hosts",
        )


def twice_the_same_host(settings: Settings) -> Iterator[Problem]:
    hosts = list(settings.tracking.hosts)
    for index, host in enumerate(hosts):
        if host in hosts[:index]:
            yield fault(("tracking", "hosts", index), host, "written twice; remove one")


def passwords(settings: Settings) -> Iterator[Problem]:
    """No password of MLflow's users crosses a network in the clear: not at the gateway, and not from this machine."""
    tracking = settings.tracking
    # An embedded stack has no users: see below.
    if not tracking.auth or settings.embedded:
        return
    clear = "passwords would cross the network in the clear"
    if tracking.uri and not tracking.uri.startswith("https://"):
        yield fault(("tracking", "uri"), tracking.uri, f"with tracking.auth, {clear}; write https://…")
    if not settings.ingress.tls and (settings.platform.mesh != "off" or not tracking.uri):
        yield fault(("tracking", "auth"), True, f"{clear}; write ingress.tls")


def embedded(settings: Settings) -> Iterator[Problem]:
    """An embedded cluster's pods are simulated: nothing in them keeps data or refuses a password."""
    if not settings.embedded:
        return
    simulated = {
        ("database", "cloudNativePg"): settings.database.cloud_native_pg,
        ("database", "keep"): settings.database.keep,
        ("objectStore", "keep"): settings.object_store.keep,
        ("tracking", "auth"): settings.tracking.auth,
    }
    for path, value in simulated.items():
        if value:
            yield fault(path, None, "an embedded stack only simulates its pods; remove this key")


RULES = (
    resources,
    one_database,
    url_of_database,
    cloud_native_pg,
    object_store,
    a_way_to_tracking,
    hosts_that_mlflow_answers,
    twice_the_same_host,
    passwords,
    embedded,
)
