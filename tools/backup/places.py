"""Where a stack keeps what MLflow knows: a database and a folder of artifacts, in a cluster or on this machine."""

import base64
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from pyarrow import fs

from components.clients.cluster_api import DEPLOYMENT, POD, SECRET, Cluster
from components.clients.pod_streams import forwarded
from components.clients.waiting import wait_out
from components.data.object_store import ENGINES
from components.errors import SlipwayError
from components.kubernetes import pods
from components.settings import Settings
from tools.backup import postgres
from tools.backup.facts import Facts
from tools.backup.files import PATIENCE, Files
from tools.backup.sqlite import Sqlite
from tools.embedded.stack import EmbeddedStack

_SERVER = "mlflow"
_SECONDS = 300.0


class Database(Protocol):
    def facts(self) -> Facts: ...
    def dump(self, to: Path) -> Facts: ...
    def restore(self, dump: Path) -> None: ...


class Servers(Protocol):
    """Those that write to both."""

    def paused(self) -> contextlib.AbstractContextManager[None]:
        """None of them runs inside; afterwards they start anew."""
        ...


@dataclass(frozen=True)
class Places:
    database: Database
    artifacts: Files
    servers: Servers


@contextlib.contextmanager
def in_cluster(cluster: Cluster, settings: Settings) -> Iterator[Places]:
    """Of a stack whose servers run in the cluster. Raises SlipwayError where they were not made yet."""
    servers = Deployment(cluster, settings.namespaces.data, settings.tracking.replicas)
    servers.require()
    with postgres.opened(cluster, settings) as database, _store(cluster, settings) as artifacts:
        yield Places(database, artifacts, servers)


@contextlib.contextmanager
def embedded(stack: EmbeddedStack) -> Iterator[Places]:
    """Of a stack whose MLflow is a process of this machine."""
    folder = stack.folder / _SERVER
    yield Places(Sqlite(folder / "mlflow.db"), Files.here(folder / "artifacts"), Processes(stack))


@dataclass(frozen=True)
class Deployment:
    """MLflow's servers in the cluster."""

    cluster: Cluster
    namespace: str
    replicas: int

    @property
    def _path(self) -> str:
        return DEPLOYMENT.path(self.namespace, _SERVER)

    def require(self) -> None:
        if not self.cluster.get(self._path):
            raise SlipwayError(f"there is no MLflow in the namespace {self.namespace}", remedy="`make up` makes it")

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        self._scale(0)
        try:
            labels = ",".join(f"{name}={value}" for name, value in pods.labels(_SERVER).items())
            if wait_out(lambda: self.cluster.list(POD, self.namespace, labels=labels), _SECONDS):
                raise SlipwayError(f"MLflow's servers in {self.namespace} did not end within {_SECONDS:.0f} s")
            yield
        finally:
            self._scale(self.replicas)
        if wait_out(lambda: not self._ready, _SECONDS):
            raise SlipwayError(
                f"MLflow's servers did not start again within {_SECONDS:.0f} s",
                remedy=f"kubectl --namespace {self.namespace} describe pods -l app.kubernetes.io/name={_SERVER}",
            )

    def _scale(self, replicas: int) -> None:
        self.cluster.patch(self._path, {"spec": {"replicas": replicas}})

    @property
    def _ready(self) -> bool:
        status = (self.cluster.get(self._path) or {}).get("status", {})
        return int(status.get("readyReplicas") or 0) >= self.replicas


@dataclass(frozen=True)
class Processes:
    """MLflow of an embedded stack, and the server of the model that came from it."""

    stack: EmbeddedStack

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        with self.stack.without_tracking():
            yield


@contextlib.contextmanager
def _store(cluster: Cluster, settings: Settings) -> Iterator[Files]:
    """The bucket: the own store's by a way through the cluster, another one's as this machine reaches it."""
    store, namespace = settings.object_store, settings.namespaces.data
    keys = _keys(cluster, namespace) if store.engine in ENGINES or store.access_key_id else {}
    if store.engine in ENGINES:
        with forwarded(cluster, namespace, "object-store-0", ENGINES[store.engine].port) as port:
            here = {"scheme": "http", "endpoint_override": f"127.0.0.1:{port}"}
            system = fs.S3FileSystem(region=store.region, **PATIENCE, **here, **keys)
            yield Files(system, store.bucket)
        return
    place = urlsplit(store.endpoint or "")
    endpoint = {"scheme": place.scheme, "endpoint_override": place.netloc} if store.endpoint else {}
    yield Files(fs.S3FileSystem(region=store.region, **PATIENCE, **endpoint, **keys), store.bucket)


def _keys(cluster: Cluster, namespace: str) -> dict[str, str]:
    found = cluster.get(SECRET.path(namespace, "object-store"))
    if not found:
        raise SlipwayError(f"there is no Secret object-store in {namespace}", remedy="`make up` makes it")
    known = {name: base64.b64decode(value).decode() for name, value in found["data"].items()}
    return {"access_key": known["AWS_ACCESS_KEY_ID"], "secret_key": known["AWS_SECRET_ACCESS_KEY"]}
