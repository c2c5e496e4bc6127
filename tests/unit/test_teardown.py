"""A destroy on a cluster that stays: what would hang, what is left, what is not the stack's."""

import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from components.clients import cluster_api as api
from components.dynamic.crd_cleanup import CrdCleanup
from components.errors import SlipwayError
from tests.unit.fake_cluster import (
    CLUSTER_ROLE,
    ISVC,
    KNATIVE_SERVING,
    SERVICE_GATE,
    VIRTUAL_SERVICE,
    FakeCluster,
)
from tools.engine.stack import Stack
from tools.teardown import finish, guarded, unfinished, watch
from tools.teardown.blocked import blocked
from tools.teardown.controllers import absences, finalizers
from tools.teardown.dead_webhooks import dead_webhooks
from tools.teardown.dependents import dependents
from tools.teardown.finish import free, sweep, unstick
from tools.teardown.inventory import Inventory
from tools.teardown.leftovers import leftovers
from tools.teardown.watch import reasons


def resource(type_: str, **outputs: Any) -> dict[str, Any]:
    return {"type": type_, "urn": f"urn:pulumi:x::slipway::{type_}::x", "outputs": outputs}


def object_(api_version: str, kind: str, name: str, namespace: str = "") -> dict[str, Any]:
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    return resource(f"kubernetes:{api_version}:{kind}", apiVersion=api_version, kind=kind, metadata=metadata)


def release(name: str, namespace: str) -> dict[str, Any]:
    return resource("kubernetes:helm.sh/v3:Release", name=name, namespace=namespace, version="1.0.0")


STATE = [
    *(object_("v1", "Namespace", name) for name in ("kserve", "models", "knative-serving", "istio-system")),
    object_("serving.kserve.io/v1beta1", "InferenceService", "wine", "models"),
    object_("operator.knative.dev/v1beta1", "KnativeServing", "knative-serving", "knative-serving"),
    object_("networking.k8s.io/v1", "IngressClass", "istio"),
    release("kserve", "kserve"),
    release("kserve-crd", "kserve"),
    release("istio-base", "istio-system"),
    resource(
        CrdCleanup.token,
        groups=["networking.istio.io"],
        found=["gateways.networking.istio.io"],
        config_maps="istio.io/config=true",
    ),
    resource(CrdCleanup.token, groups=["serving.knative.dev"], found=[], config_maps=None),
    resource("pulumi:pulumi:Stack"),
]
OURS = Inventory.of(STATE)


def test_what_is_protected_and_what_it_stands_on_is_none_of_a_destroys_business() -> None:
    namespace, mlflow = object_("v1", "Namespace", "mlops"), object_("apps/v1", "Deployment", "mlflow", "mlops")
    database = {**object_("apps/v1", "StatefulSet", "postgres", "mlops"), "protect": True}
    database["dependencies"] = [namespace["urn"]]
    going = Inventory.going([namespace, mlflow, database], before=Inventory())
    assert going.objects == {("apps/v1", "Deployment", "mlops", "mlflow")}
    assert not going.namespaces


def of_release(name: str, namespace: str) -> dict[str, str]:
    return {"meta.helm.sh/release-name": name, "meta.helm.sh/release-namespace": namespace}


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> FakeCluster:
    """Our stack's namespaces, kinds, one InferenceService, one KnativeServing, and every controller at work."""
    fake = FakeCluster()
    for name in ("default", *OURS.namespaces):
        fake.add(api.NAMESPACE, name)
    fake.serve(ISVC, annotations=of_release("kserve-crd", "kserve"))
    fake.serve(KNATIVE_SERVING)
    fake.serve(VIRTUAL_SERVICE)
    fake.add(ISVC, "wine", "models", metadata={"finalizers": ["inferenceservice.finalizers"]})
    fake.add(
        KNATIVE_SERVING,
        "knative-serving",
        "knative-serving",
        metadata={"finalizers": ["knativeservings.operator.knative.dev", "other.example.com"]},
    )
    for controller in {each for finalizer in finalizers().values() for each in finalizer.controllers}:
        fake.deployment(controller.namespace, controller.name)
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    return fake


def test_nothing_is_blocked_while_every_controller_answers(cluster: FakeCluster) -> None:
    assert blocked(cluster, OURS) == []


@pytest.mark.parametrize(
    ("replicas", "available", "reason"), [(0, 0, "has 0 replicas"), (1, 0, "has no pod that is ready")]
)
def test_a_dead_controller_is_named_with_the_objects_that_wait_for_it(
    cluster: FakeCluster, replicas: int, available: int, reason: str
) -> None:
    cluster.deployment("kserve", "kserve-controller-manager", replicas, available)
    (found,) = blocked(cluster, OURS)
    assert str(found) == (
        "InferenceService models/wine, when deleted, waits for its finalizer inferenceservice.finalizers: "
        f"Deployment kserve/kserve-controller-manager {reason}"
    )


def test_a_controller_that_was_deleted_is_told_apart(cluster: FakeCluster) -> None:
    del cluster.objects[api.DEPLOYMENT.path("knative-operator", "knative-operator")]
    (found,) = blocked(cluster, OURS)
    assert found.why == "Deployment knative-operator/knative-operator is not there"
    assert found.others == ("other.example.com",)


def test_a_controller_of_a_telling_name_may_live_elsewhere_and_a_common_name_may_not(cluster: FakeCluster) -> None:
    for namespace, name in (("kserve", "kserve-controller-manager"), ("knative-serving", "controller")):
        del cluster.objects[api.DEPLOYMENT.path(namespace, name)]
        cluster.deployment("elsewhere", name)
    assert [each.name for each in absences(cluster)] == ["controller"]


def test_what_others_have_is_never_blocked_for_us(cluster: FakeCluster) -> None:
    cluster.add(ISVC, "theirs", "team-x", metadata={"finalizers": ["inferenceservice.finalizers"]})
    cluster.deployment("kserve", "kserve-controller-manager", 0)
    assert [each.name for each in blocked(cluster, OURS)] == ["wine"]


def add_hook(cluster: FakeCluster, name: str, namespace: str) -> None:
    service = {"name": "hook", "namespace": namespace}
    cluster.add(api.VALIDATING, name, webhooks=[{"clientConfig": {"service": service}}])


def test_only_a_webhook_of_ours_that_nothing_is_behind_is_stale(cluster: FakeCluster) -> None:
    add_hook(cluster, "dead", "kserve")
    add_hook(cluster, "alive", "models")
    add_hook(cluster, "theirs", "team-x")
    ready = [{"conditions": {"ready": True}}]
    labels = {"kubernetes.io/service-name": "hook"}
    cluster.add(SERVICE_GATE, "hook-1", "models", metadata={"labels": labels}, endpoints=ready)
    cluster.add(api.API_SERVICE, "v1beta1.x", spec={"service": {"name": "gone", "namespace": "istio-system"}})
    cluster.add(api.API_SERVICE, "v1", spec={})
    assert [each.name for each in dead_webhooks(cluster, OURS)] == ["dead", "v1beta1.x"]


def test_freeing_removes_dead_webhooks_first_and_only_the_finalizers_of_dead_controllers(cluster: FakeCluster) -> None:
    add_hook(cluster, "dead", "kserve")
    cluster.deployment("knative-operator", "knative-operator", 0)
    said: list[str] = []
    free(cluster, dead_webhooks(cluster, OURS), blocked(cluster, OURS), said.append)
    assert cluster.deleted == ["dead"]
    left = cluster.get(KNATIVE_SERVING.path("knative-serving", "knative-serving"))
    assert left
    assert left["metadata"]["finalizers"] == ["other.example.com"]
    assert [line.split(":")[0] for line in said] == [
        "removing ValidatingWebhookConfiguration dead",
        "removing the finalizer knativeservings.operator.knative.dev of KnativeServing knative-serving/knative-serving",
    ]


def test_meanwhile_only_what_is_being_deleted_is_freed(cluster: FakeCluster) -> None:
    add_hook(cluster, "dead", "knative-serving")
    cluster.deployment("knative-operator", "knative-operator", 0)
    said: list[str] = []
    unstick(cluster, OURS, said.append)
    assert [line.split(":")[0] for line in said] == ["removing ValidatingWebhookConfiguration dead"]


def add_leftovers(cluster: FakeCluster) -> None:
    cluster.add(CLUSTER_ROLE, "of-kserve", metadata={"annotations": of_release("kserve", "kserve")})
    cluster.add(CLUSTER_ROLE, "of-knative", metadata={"labels": {"app.kubernetes.io/name": "knative-serving"}})
    cluster.add(api.CONFIG_MAP, "istio-ca", "default", metadata={"labels": {"istio.io/config": "true"}})
    # Not ours: another release of that name, a kind that was there, somebody's own.
    cluster.add(CLUSTER_ROLE, "theirs", metadata={"annotations": of_release("kserve", "team-x")})
    cluster.serve(api.ApiResource("networking.istio.io", "v1", "Gateway", "gateways", True))
    cluster.add(api.CONFIG_MAP, "theirs", "default")


def test_leftovers_are_the_stacks_and_come_in_the_order_of_their_removal(cluster: FakeCluster) -> None:
    add_leftovers(cluster)
    add_hook(cluster, "served-by-us", "kserve")
    assert [each.name for each in leftovers(cluster, OURS)] == [
        "served-by-us",
        "of-knative",
        "of-kserve",
        "istio-ca",
        "inferenceservices.serving.kserve.io",
        "virtualservices.networking.istio.io",
        "istio-system",
        "knative-serving",
        "kserve",
        "models",
    ]


def test_a_sweep_takes_everything_of_ours_and_nothing_else(cluster: FakeCluster) -> None:
    add_leftovers(cluster)
    for path in [path for path, made in cluster.objects.items() if made["kind"] == "Deployment"]:
        del cluster.objects[path]
    cluster.add(
        ISVC, "wine", "models", metadata={"finalizers": ["inferenceservice.finalizers"], "deletionTimestamp": "x"}
    )
    said: list[str] = []
    assert sweep(cluster, OURS, said.append) == []
    assert "removing ClusterRole of-kserve: of the Helm release kserve" in said
    assert sorted(made["metadata"]["name"] for made in cluster.objects.values()) == [
        "default",
        "gateways.networking.istio.io",
        "knativeservings.operator.knative.dev",
        "theirs",
        "theirs",
    ]


def test_a_sweep_says_what_it_could_not_remove(cluster: FakeCluster) -> None:
    cluster.add(VIRTUAL_SERVICE, "theirs", "team-x")
    left = sweep(cluster, OURS, lambda _line: None, within=0)
    assert any("stays: objects of others are of this kind, such as team-x/theirs" in line for line in left)
    assert VIRTUAL_SERVICE.path("team-x", "theirs") in cluster


def test_objects_of_others_of_a_kind_that_would_go_are_found(cluster: FakeCluster) -> None:
    assert dependents(cluster, OURS) == []
    cluster.add(ISVC, "theirs", "team-x")
    owner = [{"kind": "InferenceService", "name": "theirs"}]
    cluster.add(VIRTUAL_SERVICE, "of-theirs", "team-x", metadata={"ownerReferences": owner})
    assert dependents(cluster, OURS) == ["InferenceService team-x/theirs"]


def test_what_is_kept_is_no_leftover(cluster: FakeCluster) -> None:
    kept = [each for each in STATE if each["outputs"].get("metadata", {}).get("name") == "models"]
    names = [each.name for each in leftovers(cluster, OURS.without(Inventory.of(kept)))]
    assert "models" not in names
    assert "kserve" in names


def test_an_inventory_survives_its_file(tmp_path: Path) -> None:
    assert unfinished.read(tmp_path) == Inventory()
    unfinished.write(tmp_path, OURS)
    assert unfinished.read(tmp_path) == OURS
    unfinished.forget(tmp_path)
    assert unfinished.read(tmp_path).and_(OURS) == OURS


def test_a_namespace_that_cannot_end_says_why(cluster: FakeCluster) -> None:
    message = "Some content in the namespace has finalizers remaining"
    conditions = [{"status": "True", "message": message}, {"status": "False", "message": "All deleted"}]
    cluster.add(api.NAMESPACE, "models", status={"phase": "Terminating", "conditions": conditions})
    assert reasons(cluster, OURS) == [f"Namespace models is Terminating: {message}"]


def test_what_a_destroy_waits_for_is_said_once_while_it_waits(
    cluster: FakeCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "EVERY", 0.01)
    said: list[str] = []
    looked = threading.Semaphore(0)

    def look(*_: object) -> list[str]:
        looked.release()
        return ["the reason"]

    monkeypatch.setattr(watch, "reasons", look)
    helped: list[bool] = []
    with watch.watched(cluster, OURS, said.append, lambda: helped.append(True)):
        assert all(looked.acquire(timeout=5) for _ in range(3))
    assert said == ["waiting: the reason"]
    assert len(helped) >= 3


Destroy = Callable[..., int]


@pytest.fixture
def destroy(cluster: FakeCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Destroy:
    """Destroys a stack on the fake cluster; what is said goes into `said`, and `run` plays Pulumi."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(guarded, "standing", lambda _stack: cluster)

    def start(said: list[str], run: Callable[[], int]) -> int:
        gone: list[bool] = []

        def state() -> Sequence[Mapping[str, Any]]:
            return [] if gone else STATE

        def pulumi() -> int:
            code = run()
            gone.extend([True] if code == 0 else [])
            return code

        return guarded.destroy(Stack("prod"), pulumi, state, said.append)

    return start


def test_a_destroy_that_would_hang_does_not_begin(cluster: FakeCluster, destroy: Destroy) -> None:
    cluster.deployment("kserve", "kserve-controller-manager", 0)
    with pytest.raises(SlipwayError, match="make teardown STACK=prod") as caught:
        destroy([], lambda: pytest.fail("Pulumi ran"))
    assert "InferenceService models/wine" in str(caught.value)
    assert "has 0 replicas" in str(caught.value)


def test_a_destroy_that_would_take_others_objects_along_does_not_begin(cluster: FakeCluster, destroy: Destroy) -> None:
    cluster.add(ISVC, "theirs", "team-x")
    with pytest.raises(SlipwayError, match="InferenceService team-x/theirs"):
        destroy([], lambda: pytest.fail("Pulumi ran"))


def test_a_destroy_that_leaves_something_says_what_and_how_to_remove_it(
    destroy: Destroy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guarded, "settled", lambda where, gone: finish.settled(where, gone, within=0))
    said: list[str] = []
    assert destroy(said, lambda: 0) == 1
    assert "left: Namespace models: made by the stack" in said
    assert said[-1] == "to remove it: make teardown STACK=prod"
    assert unfinished.read(Stack("prod").folder) == OURS


def test_a_destroy_that_leaves_nothing_says_nothing(cluster: FakeCluster, destroy: Destroy) -> None:
    def run() -> int:
        cluster.objects.clear()
        return 0

    said: list[str] = []
    assert destroy(said, run) == 0
    assert said == []


def test_a_destroy_that_fails_says_what_is_in_the_way(cluster: FakeCluster, destroy: Destroy) -> None:
    def run() -> int:
        cluster.deployment("kserve", "kserve-controller-manager", 0)
        cluster.delete(ISVC.path("models", "wine"))
        return 255

    said: list[str] = []
    assert destroy(said, run) == 255
    assert "still there: InferenceService models/wine is being deleted and waits for its finalizer" in said[0]
    assert "make teardown STACK=prod" in said[-1]
