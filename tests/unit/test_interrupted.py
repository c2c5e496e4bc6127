"""What a killed run left half done is known by the state, by Helm's records and by a mark; others' is left alone."""

import json
from pathlib import Path
from typing import Any

import pytest

from components.clients.cluster_api import Cluster
from components.dynamic import kind_cluster
from components.dynamic.kind_cluster import KindCluster
from tools.engine import process, state
from tools.engine.stack import Stack
from tools.engine.state import Known
from tools.lifecycle import interrupted

RELEASE = "kubernetes:helm.sh/v3:Release"
PENDING = {
    "type": "creating",
    "resource": {"urn": "u", "type": RELEASE, "inputs": {"namespace": "kube-system", "name": "metrics-server"}},
}
NAMESPACE = {
    "type": "kubernetes:core/v1:Namespace",
    "outputs": {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "istio-system"}},
}


def record(namespace: str, name: str, status: str, revision: int = 1) -> dict[str, Any]:
    labels = {"owner": "helm", "name": name, "status": status}
    return {"metadata": {"namespace": namespace, "name": f"sh.helm.release.v1.{name}.v{revision}", "labels": labels}}


class Records(Cluster):
    def __init__(self, *records: dict[str, Any]) -> None:
        self.records, self.deleted = records, list[str]()

    def list(self, *_: Any, **options: Any) -> list[dict[str, Any]]:
        assert options["labels"] == "owner=helm"
        return list(self.records)

    def delete(self, path: str) -> None:
        self.deleted.append(path.rpartition("/")[2])


def mended(monkeypatch: pytest.MonkeyPatch, *records: dict[str, Any]) -> tuple[bool, list[str]]:
    cluster = Records(*records)
    monkeypatch.setattr(interrupted, "reachable", lambda _stack: cluster)
    done = interrupted.mend_releases(Stack("s"), Known(resources=[NAMESPACE], pending=[PENDING]), lambda _line: None)
    return done, cluster.deleted


def test_helm_forgets_what_it_was_in_the_middle_of_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    done, deleted = mended(
        monkeypatch,
        record("istio-system", "istiod", "deployed"),
        record("istio-system", "istiod", "pending-upgrade", 2),
        record("istio-system", "istio-base", "pending-install"),
        record("kube-system", "metrics-server", "pending-install"),
    )
    assert done
    assert deleted == [
        "sh.helm.release.v1.istiod.v2",
        "sh.helm.release.v1.istio-base.v1",
        "sh.helm.release.v1.metrics-server.v1",
    ]


def test_somebody_elses_release_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    others = record("kube-system", "cilium", "pending-install"), record("shop", "istio-base", "pending-upgrade")
    assert mended(monkeypatch, *others) == (False, [])


def test_what_was_being_made_is_looked_for_as_if_the_state_had_it() -> None:
    [found] = interrupted.begun([PENDING, {**PENDING, "type": "deleting"}])
    assert found["outputs"] == {"namespace": "kube-system", "name": "metrics-server"}


def test_the_state_loses_the_operations_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    content = {"version": 3, "deployment": {"resources": [NAMESPACE], "pending_operations": [PENDING]}}
    imported: list[dict[str, Any]] = []

    def pulumi(arguments: list[str], _env: Any) -> int:
        assert arguments[:2] == ["stack", "import"]
        imported.append(json.loads(Path(arguments[-1]).read_text()))
        return 0

    monkeypatch.setattr(state, "exported", lambda *_: content)
    monkeypatch.setattr(process, "pulumi", pulumi)
    interrupted.forget(Stack("s"), Known(), {})
    assert not imported
    interrupted.forget(Stack("s"), Known(pending=[PENDING]), {})
    assert imported == [{"version": 3, "deployment": {"resources": [NAMESPACE]}}]


def test_a_half_made_kind_cluster_is_removed_unless_the_state_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("Pulumi.s.yaml").write_text("config: {'slipway:cluster': {kind: {name: mine}}}")
    stack = Stack("s")
    stack.folder.mkdir(parents=True)
    (stack.folder / "kind-cluster-begun").write_text("mine")
    removed: list[str] = []
    monkeypatch.setattr(kind_cluster, "delete", lambda spec: removed.append(spec["name"]))
    interrupted.remove_half_made_cluster(stack, [{"type": KindCluster.token}], lambda _line: None)
    assert not removed
    interrupted.remove_half_made_cluster(stack, [], lambda _line: None)
    assert removed == ["mine"]
