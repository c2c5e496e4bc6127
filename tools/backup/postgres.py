"""A PostgreSQL database, dumped and restored by its own tools, in a pod beside it that has them."""

import contextlib
import json
import secrets
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.clients.cluster_api import POD, Cluster
from components.clients.pod_streams import execute
from components.clients.waiting import wait_out
from components.errors import SlipwayError
from components.kubernetes import pods
from components.kubernetes.namespaces import DATA_ACCOUNT
from components.settings import Settings
from tools.backup.facts import MODELS, Facts
from tools.backup.files import sha256

SCRIPTS = Path(__file__).parent
NAME = "backup"
# As long as the longest dump may take; then the pod ends, should nobody have removed it.
_HOURS = 6
_READY_SECONDS = 300.0
_UID = 999


@dataclass(frozen=True)
class Postgres:
    """The database behind the Secret `database`, asked from the pod `pod`."""

    cluster: Cluster
    namespace: str
    pod: str

    def facts(self) -> Facts:
        return self._facts("FACTS_ONLY=yes")

    def dump(self, to: Path) -> Facts:
        """Write the database to a file, and return what it says of itself at that moment."""
        facts = self._facts("")
        with to.open("wb") as file:
            self._run("cat dump", taken=file)
        wanted = self._run("sha256sum dump").split()[0]
        if sha256(to) != wanted:
            raise SlipwayError("the dump did not come over whole", remedy="run the same command again")
        return facts

    def restore(self, dump: Path) -> None:
        """Put the dump in the place of what the database has, whole or not at all."""
        with dump.open("rb") as file:
            self._run(f"umask 077; head -c {dump.stat().st_size} > dump", given=file)
        self._run((SCRIPTS / "restore.sh").read_text())

    def _facts(self, option: str) -> Facts:
        script = (SCRIPTS / "dump.sh").read_text()
        self._run(f"export MODELS={shlex.quote(MODELS)} {option}\n{script}")
        facts = Facts.of(json.loads(self._run("cat facts.json")))
        tools = int(self._run("pg_dump --version").split()[2].split(".")[0])
        if tools != facts.server:
            raise SlipwayError(
                f"the database is PostgreSQL {facts.server}, and the tools of the image are of {tools}",
                key="slipway:images.postgres",
                remedy=f"write an image of {facts.server}, such as docker.io/library/postgres:{facts.server}",
            )
        return facts

    def _run(self, script: str, **streams: Any) -> str:
        return execute(self.cluster, self.namespace, self.pod, f"cd /tmp\n{script}", **streams)


@contextlib.contextmanager
def opened(cluster: Cluster, settings: Settings) -> Iterator[Postgres]:
    """The stack's database, with a pod that lives as long. Raises SlipwayError."""
    body = pod(settings, f"{NAME}-{secrets.token_hex(4)}")
    name, namespace = body["metadata"]["name"], body["metadata"]["namespace"]
    cluster.create(POD, body)
    try:
        path, found = POD.path(namespace, name), dict[str, Any]()

        def waiting() -> bool:
            found.update(cluster.get(path) or {})
            return found.get("status", {}).get("phase") in (None, "Pending")

        if wait_out(waiting, _READY_SECONDS, every=0.5) or found["status"]["phase"] != "Running":
            why = json.dumps(found.get("status", {}).get("containerStatuses") or found.get("status"))[:600]
            raise SlipwayError(f"the pod {namespace}/{name} does not run: {why}")
        yield Postgres(cluster, namespace, name)
    finally:
        cluster.delete(f"{POD.path(namespace, name)}?gracePeriodSeconds=0")


def pod(settings: Settings, name: str) -> dict[str, Any]:
    """A pod with PostgreSQL's tools, of the image that the database itself has where the stack runs it."""
    image = "postgres-cluster" if settings.database.cloud_native_pg else "postgres"
    scratch, tmp = pods.scratch("tmp")
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": settings.namespaces.data, "labels": pods.labels(NAME)},
        "spec": {
            "restartPolicy": "Never",
            "activeDeadlineSeconds": _HOURS * 3600,
            "serviceAccountName": DATA_ACCOUNT,
            "automountServiceAccountToken": False,
            "securityContext": pods.pod_security(_UID),
            "containers": [
                {
                    "name": NAME,
                    "image": settings.image_references[image],
                    "command": ["sleep", str(_HOURS * 3600)],
                    "env": [pods.secret_env("DATABASE_URI", "database", "uri"), *pods.env({"HOME": "/tmp"})],
                    "resources": pods.SMALL,
                    "securityContext": pods.CONTAINER,
                    "volumeMounts": [tmp],
                }
            ],
            "volumes": [scratch],
        },
    }
