"""Backup and restore on a real cluster: a dev stack must be up (`make up STACK=dev`).

Two databases, stores and MLflows of the test's own, as the program makes them, in namespaces beside the stack's.
"""

import json
import os
import secrets
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from components.clients.cluster_api import POD, Cluster
from components.clients.pod_streams import execute, forwarded
from components.clients.tracking_server import TrackingServer
from components.errors import SlipwayError
from components.kubernetes.namespaces import DATA_ACCOUNT
from components.settings import Settings, parse_settings
from tests.unit.test_gateway import ingress
from tools import recording, stack_file
from tools.backup import bringing, places, taking
from tools.backup.files import Files

pytestmark = pytest.mark.kind

KUBECONFIG = Path(os.environ.get("SLIPWAY_TEST_KUBECONFIG", ".slipway/dev/kubeconfig"))
OF_DATA = ("PersistentVolumeClaim", "Service", "Secret", "StatefulSet", "Job", "Deployment", "ConfigMap")
NAMES = ("database", "postgres", "object-store", "bucket", "mlflow", "mlflow-auth", "mlflow-scripts")
# What people do, run in MLflow's own image.
WORK = """
import mlflow
from mlflow.server.auth.client import AuthServiceClient
client = mlflow.MlflowClient()
mlflow.set_experiment("wine")
for number in range(3):
    with mlflow.start_run() as run:
        mlflow.log_metric("rmse", number / 3)
        mlflow.log_text("a" * 3_000_000, "notes/long.txt")
model = client.create_registered_model("wine", tags={"team": "red"})
client.create_model_version("wine", f"{run.info.artifact_uri}/notes", run.info.run_id)
client.set_registered_model_alias("wine", "champion", 1)
AuthServiceClient("http://127.0.0.1:5000").create_user("reader", "a-long-password")
"""


@dataclass(frozen=True)
class Stack:
    """One MLflow with its stores."""

    cluster: Cluster
    settings: Settings
    namespace: str
    password: str

    @property
    def pod(self) -> str:
        found = self.cluster.list(POD, self.namespace, labels="app.kubernetes.io/name=mlflow")
        return str(found[0]["metadata"]["name"])

    def work(self) -> None:
        login = f"MLFLOW_TRACKING_USERNAME=admin MLFLOW_TRACKING_PASSWORD={self.password}"
        uri = "MLFLOW_TRACKING_URI=http://127.0.0.1:5000"
        execute(self.cluster, self.namespace, self.pod, f"{login} {uri} HOME=/tmp python - <<'END'\n{WORK}\nEND")

    def known(self, user: str, password: str) -> dict[str, Any]:
        """What MLflow tells a user of all that people put there."""
        with forwarded(self.cluster, self.namespace, self.pod, 5000) as port:
            server = TrackingServer(uri=f"http://127.0.0.1:{port}", username=user, password=password)
            server.wait_until_reachable()
            ask = server._ask
            experiments = ask("experiments/search?max_results=100")["experiments"]
            ids = [each["experiment_id"] for each in experiments]
            return {
                "experiments": experiments,
                "runs": ask("runs/search", {"experiment_ids": ids})["runs"],
                "models": ask("registered-models/search")["registered_models"],
                "versions": ask("model-versions/search")["model_versions"],
                "champion": ask("registered-models/alias?name=wine&alias=champion"),
            }


def made(name: str, changes: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The objects that the program makes for the data, in this namespace."""
    yield {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    for account in ("mlflow", DATA_ACCOUNT):
        yield {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": account, "namespace": name}}
    for entry in recording.run_stack("dev", changes).kubernetes:
        if entry.kind in OF_DATA and entry.name in NAMES and entry.inputs["metadata"]["namespace"] == name:
            yield {**entry.inputs, "apiVersion": entry.inputs["apiVersion"], "kind": entry.kind}


@pytest.fixture(scope="module")
def stacks() -> Iterator[tuple[Stack, Stack]]:
    assert KUBECONFIG.is_file(), "no dev stack is up: make up STACK=dev"

    def kubectl(*arguments: str, given: str | None = None) -> None:
        command = ["kubectl", f"--kubeconfig={KUBECONFIG}", *arguments]
        done = subprocess.run(command, input=given, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    names = ("backup-old", "backup-new")
    found = []
    base = stack_file.settings_of(stack_file.effective(stack_file.path_of("dev")))
    try:
        for name in names:
            changes = {**base, **ingress({"selfSigned": {}}), "namespaces": {"data": name}}
            password = secrets.token_urlsafe(24)
            objects = json.dumps({"apiVersion": "v1", "kind": "List", "items": list(made(name, changes))})
            kubectl("apply", "--filename=-", given=objects.replace("s3cret", password))
            cluster = Cluster.at(str(KUBECONFIG), None)
            found.append(Stack(cluster, parse_settings(changes), name, password))
        for name in names:
            kubectl("--namespace", name, "wait", "deployment/mlflow", "--for=condition=Available", "--timeout=600s")
            kubectl("--namespace", name, "wait", "job", "--all", "--for=condition=Complete", "--timeout=600s")
        yield found[0], found[1]
    finally:
        for name in names:
            kubectl("delete", "namespace", name, "--ignore-not-found", "--wait=false")


def test_a_stack_that_was_restored_on_a_cluster_knows_the_same(stacks: tuple[Stack, Stack], tmp_path: Path) -> None:
    old, new = stacks
    old.work()
    known = old.known("admin", old.password)
    target, begun = Files.here(tmp_path / "backup"), time.monotonic()
    with places.in_cluster(old.cluster, old.settings) as found:
        manifest = taking.take("old", found, target, "mlflow", ())
    taken = time.monotonic() - begun
    assert len(manifest.artifacts) == 3
    assert old.known("admin", old.password) == known
    bringing.verify(target, bringing.read(target))
    begun = time.monotonic()
    with places.in_cluster(new.cluster, new.settings) as empty:
        bringing.bring(empty, target, bringing.read(target), beside=False)
    print(f"{manifest.size / 1e6:.1f} MB: taken in {taken:.1f} s, restored in {time.monotonic() - begun:.1f} s")
    # The administrator has the new stack's password, and the others have their own.
    assert new.known("admin", new.password) == known
    assert new.known("reader", "a-long-password") == known
    with places.in_cluster(new.cluster, new.settings) as again:
        assert again.artifacts.sizes() == {each.key: each.size for each in manifest.artifacts}
        # As it is after an interruption.
        bringing.bring(again, target, manifest, beside=False)
    with places.in_cluster(old.cluster, old.settings) as used:
        execute(old.cluster, old.namespace, old.pod, "true")
        assert used.database.facts().used


def test_a_script_that_fails_in_a_pod_says_its_last_words(stacks: tuple[Stack, Stack]) -> None:
    old, _new = stacks
    with pytest.raises(SlipwayError, match=f"pod {old.namespace}/{old.pod}: no such thing"):
        execute(old.cluster, old.namespace, old.pod, "echo no such thing >&2; exit 3")
