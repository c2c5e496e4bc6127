"""CRDs and ConfigMaps that outlive their chart."""

from collections.abc import Mapping
from typing import Any

import pytest

from components.clients import cluster_api as api
from components.dynamic import crd_cleanup
from components.dynamic.crd_cleanup import CrdCleanupProvider, brought, of_groups, remove
from components.settings.parts.istio import PART
from tests.unit.engine import run_stack
from tests.unit.fake_cluster import ISVC, VIRTUAL_SERVICE, FakeCluster, crd

GATEWAY = api.ApiResource("networking.istio.io", "v1", "Gateway", "gateways", True)
PROPS: Mapping[str, Any] = {
    "groups": PART.crd_groups,
    "found": ["gateways.networking.istio.io"],
    "config_maps": "istio.io/config=true",
    "namespace": "istio-system",
}


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> FakeCluster:
    fake = FakeCluster()
    for kind in (ISVC, VIRTUAL_SERVICE, GATEWAY):
        fake.serve(kind)
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    monkeypatch.setattr(crd_cleanup, "cluster_of", lambda _props: fake)
    return fake


def test_a_crd_belongs_to_its_whole_group_and_not_to_a_part_of_it() -> None:
    names = [
        "gateways.networking.istio.io",
        "gateways.gateway.networking.k8s.io",
        "ingresses.networking.internal.knative.dev",
    ]
    assert of_groups(names, ["networking.istio.io"]) == ["gateways.networking.istio.io"]
    assert brought(names, ["networking.istio.io"], ["gateways.networking.istio.io"]) == []


def test_what_came_goes_and_what_was_there_stays(cluster: FakeCluster) -> None:
    cluster.add(api.CONFIG_MAP, "istio-ca-root-cert", "default", metadata={"labels": {"istio.io/config": "true"}})
    cluster.add(api.CONFIG_MAP, "theirs", "default")
    cluster.add(api.POD, "istiod", "istio-system")
    cluster.add(api.POD, "theirs", "default")
    remove(cluster, PROPS, used=0)
    assert sorted(cluster.deleted) == ["istio-ca-root-cert", "istiod", "virtualservices.networking.istio.io"]


def test_a_chart_without_config_maps_is_removed_as_the_engine_hands_it_over(cluster: FakeCluster) -> None:
    remove(cluster, {key: value for key, value in PROPS.items() if key != "config_maps"}, used=0)
    assert cluster.deleted == ["virtualservices.networking.istio.io"]


def test_a_kind_that_others_use_stays_with_their_objects(cluster: FakeCluster) -> None:
    cluster.add(VIRTUAL_SERVICE, "theirs", "team-x")
    remove(cluster, PROPS, used=0)
    assert api.CRD.path(name=crd(VIRTUAL_SERVICE)) in cluster
    assert VIRTUAL_SERVICE.path("team-x", "theirs") in cluster


def test_a_kind_that_does_not_go_is_named_with_the_reason(cluster: FakeCluster) -> None:
    definition = cluster.objects[api.CRD.path(name=crd(VIRTUAL_SERVICE))]
    definition["metadata"]["finalizers"] = ["customresourcecleanup.apiextensions.k8s.io"]
    definition["status"] = {
        "conditions": [{"type": "Terminating", "status": "True", "message": "CustomResource deletion is in progress"}]
    }
    with pytest.raises(
        TimeoutError, match=r"virtualservices.networking.istio.io: CustomResource deletion is in progress"
    ):
        remove(cluster, PROPS, used=0, gone=0)


def test_the_kinds_that_were_there_are_recorded_and_a_later_group_adds_to_them(cluster: FakeCluster) -> None:
    props = {**PROPS, "groups": ["networking.istio.io"], "found": None}
    made = CrdCleanupProvider().create(props).outs
    assert made
    assert made["found"] == ["gateways.networking.istio.io", "virtualservices.networking.istio.io"]
    cluster.serve(api.ApiResource("networking.istio.io", "v1", "Sidecar", "sidecars", True))
    more = {**props, "groups": ["networking.istio.io", "serving.kserve.io"]}
    updated = CrdCleanupProvider().update("crd-cleanup", made, more).outs
    assert updated
    assert updated["found"] == [*made["found"], "inferenceservices.serving.kserve.io"]


def test_another_cluster_makes_another_record() -> None:
    olds = {**PROPS, "cluster": "a"}
    diff = CrdCleanupProvider().diff
    assert diff("crd-cleanup", olds, olds).changes is False
    assert diff("crd-cleanup", olds, {**olds, "cluster": "b"}).replaces == ["cluster"]
    assert diff("crd-cleanup", olds, {**olds, "config_maps": None}).replaces == []


def test_the_record_is_made_between_the_namespace_and_the_chart() -> None:
    run = run_stack("prod")
    for record, chart in (("mesh-crd-cleanup", "istio-base"), ("serverless-crd-cleanup", "knative-operator")):
        assert record in run.one("Release", chart).dependencies
        assert run.one("CrdCleanup", record).inputs["namespace"] == run.one("Release", chart).inputs["namespace"]
