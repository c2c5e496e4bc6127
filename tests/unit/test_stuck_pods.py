"""Pods that no waiting helps, and the `up` that ends for them."""

import signal
import sys
import threading
from typing import Any

import pytest

from components.clients import cluster_api as api
from components.clients import process
from components.clients.stuck_pods import EVENT, of_event, of_pod, stuck
from components.settings import parts
from tests.unit import scaled
from tests.unit.engine import run_stack
from tests.unit.fake_cluster import FakeCluster
from tools.engine import stuck_watch
from tools.engine.stuck_watch import Watch, places, watched

IMAGE = "registry.test/wine@sha256:1"
SPEC = {"containers": [{"name": "server", "image": IMAGE}]}


def pod(reason: str, **status: Any) -> dict[str, Any]:
    container = {
        "name": "server",
        "image": "sha256:1",
        "state": {"waiting": {"reason": reason, "message": "not found"}},
        **status,
    }
    return {"spec": SPEC, "status": {"containerStatuses": [container]}}


def no_node() -> dict[str, Any]:
    condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/1 nodes: cpu"}
    return {"spec": SPEC, "status": {"conditions": [condition]}}


@pytest.fixture
def cluster() -> FakeCluster:
    fake = FakeCluster()
    fake.kinds_served.append(EVENT)
    return fake


def said(found: dict[str, Any]) -> list[str]:
    return [str(each) for each in of_pod({"metadata": {"name": "wine-1", "namespace": "models"}, **found})]


def test_what_is_stuck_is_named_with_its_image_and_the_reason() -> None:
    assert said(pod("ImagePullBackOff")) == [f"Pod models/wine-1: ImagePullBackOff: {IMAGE}: not found"]
    ended = {"terminated": {"reason": "Error", "exitCode": 3, "message": "no\nmodel"}}
    assert said(pod("CrashLoopBackOff", restartCount=4, lastState=ended)) == [
        f"Pod models/wine-1: CrashLoopBackOff: {IMAGE}: Error exit code 3 no model"
    ]
    assert said(no_node()) == [f"Pod models/wine-1: Unschedulable: {IMAGE}: 0/1 nodes: cpu"]


def test_an_init_container_is_looked_at_too() -> None:
    waiting = {"name": "migrate", "image": IMAGE, "state": {"waiting": {"reason": "ImagePullBackOff"}}}
    assert said({"status": {"initContainerStatuses": [waiting]}}) == [f"Pod models/wine-1: ImagePullBackOff: {IMAGE}"]


@pytest.mark.parametrize(
    "healthy",
    [
        pod("ContainerCreating"),
        pod("ErrImagePull"),
        pod("CrashLoopBackOff", restartCount=2),
        {"status": {"containerStatuses": [{"name": "server", "image": IMAGE, "state": {"running": {}}}]}},
        {"status": {}},
    ],
)
def test_what_may_still_come_is_waited_for(healthy: dict[str, Any]) -> None:
    assert said(healthy) == []


def test_a_pod_that_is_going_is_nobodys_concern() -> None:
    going = {"metadata": {"name": "x", "namespace": "models", "deletionTimestamp": "now"}, **pod("ImagePullBackOff")}
    assert list(of_pod(going)) == []


def test_a_full_quota_is_told_of_whoever_makes_the_pods() -> None:
    of = {"kind": "ReplicaSet", "namespace": "red", "name": "wine"}
    event = {"reason": "FailedCreate", "message": "exceeded quota: quota, requested: pods=1", "involvedObject": of}
    [found] = of_event(event)
    assert str(found).startswith("ReplicaSet red/wine: exceeded quota: exceeded quota: quota, requested: pods=1")
    assert not list(of_event({**event, "message": "the webhook does not answer"}))


def test_a_pod_for_which_a_node_is_made_is_waited_for(cluster: FakeCluster) -> None:
    cluster.add(api.POD, "wine-1", "models", **no_node())
    assert [each.reason for each in stuck(cluster, ["models"])] == ["Unschedulable"]
    of = {"kind": "Pod", "namespace": "models", "name": "wine-1"}
    cluster.add(EVENT, "e", "models", reason="TriggeredScaleUp", involvedObject=of)
    assert stuck(cluster, ["models"]) == []


def test_what_was_stuck_before_is_left_to_the_up_that_mends_it(cluster: FakeCluster) -> None:
    cluster.add(api.POD, "old", "models", **pod("ImagePullBackOff"))
    watch = Watch(["models"])
    assert [each.what for each in watch.begin(cluster)] == ["Pod models/old"]
    cluster.add(api.POD, "elsewhere", "others", **pod("ImagePullBackOff"))
    assert watch.look(cluster) == []
    cluster.add(api.POD, "new", "models", **pod("ImagePullBackOff"))
    assert [each.what for each in watch.look(cluster)] == ["Pod models/new"]


def test_a_pod_without_a_node_is_given_a_minute(cluster: FakeCluster) -> None:
    now = [0.0]
    watch = Watch(["models"], clock=lambda: now[0])
    cluster.add(api.POD, "wine-1", "models", **no_node())
    assert watch.look(cluster) == []
    now[0] = 59.0
    assert watch.look(cluster) == []
    now[0] = 61.0
    assert [each.reason for each in watch.look(cluster)] == ["Unschedulable"]


def test_the_watch_says_what_it_is_and_stops_what_waits(cluster: FakeCluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stuck_watch, "EVERY", 0.01)
    lines: list[str] = []
    there: list[FakeCluster] = []
    with watched(lambda: there[0] if there else None, ["models"], lines.append) as stop:
        assert not stop.wait(0.05)
        cluster.add(api.POD, "wine-1", "models", **pod("ImagePullBackOff"))
        there.append(cluster)
        assert stop.wait(10)
    assert lines == [f"ended, because no waiting helps: Pod models/wine-1: ImagePullBackOff: {IMAGE}: not found"]


def test_a_crash_is_told_with_the_containers_own_last_lines(cluster: FakeCluster) -> None:
    ended = {"terminated": {"reason": "Error", "exitCode": 1}}
    cluster.add(api.POD, "wine-1", "models", **pod("CrashLoopBackOff", restartCount=4, lastState=ended))
    log = "No module named 'no_such_loader'"
    cluster.texts["/api/v1/namespaces/models/pods/wine-1/log?container=server&tailLines=25&previous=true"] = f"{log}\n"
    [found] = stuck(cluster, ["models"])
    assert str(found) == (f"Pod models/wine-1: CrashLoopBackOff: {IMAGE}: Error exit code 1; its last lines:\n{log}")


def test_a_command_is_told_to_end_and_waited_for() -> None:
    stop = threading.Event()
    stop.set()
    code = "import time\ntry:\n  time.sleep(60)\nexcept KeyboardInterrupt:\n  raise SystemExit(3)"
    assert process.foreground([sys.executable, "-c", code], {}, stop) == 3


def test_the_pods_of_every_part_and_of_every_team_are_watched() -> None:
    watched_places = places(scaled.settings(teams=[{"name": "red"}]))
    assert {"red", "models", "mlops", "istio-system", "knative-serving", "kserve"} <= watched_places
    assert "kube-system" not in watched_places
    existing = dict.fromkeys((str(part.key[1]) for part in parts.PARTS), "existing")
    assert places(scaled.settings(platform={**existing, "meshCni": "off", "dashboards": "off"})) == {"models", "mlops"}


def test_knatives_kinds_are_waited_for_from_when_its_serving_is_made() -> None:
    run = run_stack("dev")
    made, awaited = run.one("KnativeServing"), run.one("CrdWait", "knative-crds")
    assert {"knative-operator", "istiod"} <= awaited.dependencies
    assert awaited.dependencies - {"cluster"} <= made.dependencies


def test_a_command_that_a_background_shell_started_is_told_to_end_all_the_same() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        test_a_command_is_told_to_end_and_waited_for()
        assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
