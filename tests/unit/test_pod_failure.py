"""A model's pods, looked at while no answer comes."""

from typing import Any

import pytest

from components.clients.cluster_api import Cluster, ClusterError
from components.serving.pod_failure import ModelPods, broken

IMAGE = "registry.test/wine@sha256:1"


def pod(image: str = IMAGE, **status: Any) -> dict[str, Any]:
    container = {"name": "kserve-container", **status}
    return {
        "metadata": {"name": "wine-predictor-1", "creationTimestamp": "2026-11-26T17:30:00Z"},
        "spec": {"containers": [{"name": "kserve-container", "image": image}]},
        "status": {"containerStatuses": [container]},
    }


CRASHED = pod(restartCount=2, lastState={"terminated": {"exitCode": 1, "reason": "Error"}})
KILLED = pod(restartCount=3, lastState={"terminated": {"exitCode": 137, "reason": "OOMKilled"}})


class FakeCluster:
    last_lines = Cluster.last_lines

    def __init__(self, *pods: dict[str, Any]) -> None:
        self.pods = pods
        self.asked: list[str] = []

    def list(self, _kind: Any, namespace: str, *, labels: str) -> list[dict[str, Any]]:
        self.asked.append(f"{namespace} {labels}")
        return list(self.pods)

    def text(self, path: str) -> str:
        self.asked.append(path)
        return "the model did not load: ImportError: no module named wine\n"


class Silent(FakeCluster):
    def list(self, _kind: Any, namespace: str, *, labels: str) -> list[dict[str, Any]]:
        raise ClusterError(f"the cluster does not answer: {namespace} {labels}")


def pods(cluster: Any) -> ModelPods:
    return ModelPods(cluster=cluster, namespace="models", service="wine", image=IMAGE)


@pytest.mark.parametrize(
    ("seen", "told"),
    [
        (CRASHED, "its container ended with 1, 2 times over"),
        (KILLED, "its container ended with 137 (OOMKilled), 3 times over"),
        (pod(state={"waiting": {"reason": "InvalidImageName", "message": "bad"}}), "InvalidImageName: bad"),
        (pod(restartCount=1, lastState={"terminated": {"exitCode": 1}}), None),
        (pod(state={"waiting": {"reason": "ContainerCreating"}}), None),
        (pod(state={"running": {}}), None),
        ({"metadata": {}, "spec": {}}, None),
    ],
)
def test_a_container_that_will_never_run_is_told_from_one_on_its_way(seen: dict[str, Any], told: str | None) -> None:
    assert broken(seen) == told


def test_a_crash_comes_with_the_container_s_last_lines() -> None:
    cluster = FakeCluster(CRASHED)
    told = pods(cluster).failure()
    assert told is not None
    assert told.startswith("pod wine-predictor-1: its container ended with 1")
    assert told.endswith("the model did not load: ImportError: no module named wine")
    assert cluster.asked == [
        "models serving.kserve.io/inferenceservice%3Dwine",
        "/api/v1/namespaces/models/pods/wine-predictor-1/log?container=kserve-container&tailLines=25&previous=true",
    ]


def test_pods_of_the_version_before_do_not_count() -> None:
    old = pod("registry.test/wine@sha256:0", restartCount=9, lastState={"terminated": {"exitCode": 1}})
    assert pods(FakeCluster(old)).failure() is None


def test_a_cluster_that_does_not_answer_is_no_failure_of_the_model() -> None:
    assert pods(Silent()).failure() is None
    assert pods(Silent()).last_lines() == ""
