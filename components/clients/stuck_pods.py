"""Pods that no waiting helps: no image to be had, crash after crash, no node to run on, a quota that is full.

Pure functions read what the cluster says; `stuck` asks it.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import Any

from components.clients.cluster_api import POD, ApiResource, Cluster, Object

EVENT = ApiResource("", "v1", "Event", "events", True)

# Kubelet's words for an image that it has tried in vain, or will not try.
_IMAGE = ("ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull")
# A server that starts before what it needs may crash a few times, and is well afterwards. The kubelet's pauses before
# the fourth restart are 10, 20, 40 and 80 s.
_CRASHES = 4
# A node may be on its way, or a volume being bound.
_NO_NODE_FOR = 60.0
# What autoscalers of nodes say of a pod for which they make one.
_NODE_COMES = ("TriggeredScaleUp", "Nominated")


@dataclass(frozen=True, kw_only=True)
class Stuck:
    """An object that is stuck; `patience` is how many seconds it may be so before that is believed."""

    what: str
    reason: str
    image: str = ""
    text: str = ""
    patience: float = 0.0
    # The one that crashes, and what it said last.
    container: str = ""
    lines: str = ""

    @property
    def key(self) -> tuple[str, str]:
        return self.what, self.reason

    def __str__(self) -> str:
        said = ": ".join(filter(None, (self.what, self.reason, self.image, self.text)))
        return f"{said}; its last lines:\n{self.lines}" if self.lines else said


def of_pod(pod: Object) -> Iterator[Stuck]:
    """Why the pod is stuck, once for each reason."""
    metadata, status = pod["metadata"], pod.get("status", {})
    what = f"Pod {metadata['namespace']}/{metadata['name']}"
    if "deletionTimestamp" in metadata:
        return
    # As they were asked for: a runtime may report the digest of its own copy.
    spec = pod.get("spec", {})
    images = {each["name"]: each["image"] for each in [*spec.get("initContainers", []), *spec.get("containers", [])]}
    for container in [*status.get("initContainerStatuses", []), *status.get("containerStatuses", [])]:
        waiting = container.get("state", {}).get("waiting") or {}
        reason, image = waiting.get("reason", ""), images.get(container["name"], container.get("image", ""))
        if reason in _IMAGE:
            yield Stuck(what=what, reason=reason, image=image, text=waiting.get("message", ""))
        if reason == "CrashLoopBackOff" and container.get("restartCount", 0) >= _CRASHES:
            yield Stuck(what=what, reason=reason, image=image, text=_end(container), container=container["name"])
    for condition in status.get("conditions", []):
        if condition["type"] == "PodScheduled" and condition.get("reason") == "Unschedulable":
            all_images = ", ".join(each["image"] for each in spec.get("containers", []))
            text = condition.get("message", "")
            yield Stuck(what=what, reason="Unschedulable", image=all_images, text=text, patience=_NO_NODE_FOR)


def _end(container: dict[str, Any]) -> str:
    """How the container ended."""
    ended = container.get("lastState", {}).get("terminated") or {}
    code = f"exit code {ended['exitCode']}" if "exitCode" in ended else ""
    last = " ".join(str(ended.get("message", "")).split())[-300:]
    return " ".join(filter(None, (ended.get("reason", ""), code, last)))


def of_event(event: Object) -> Iterator[Stuck]:
    """The quota that does not let a controller make a pod."""
    message = event.get("message", "")
    if event.get("reason") == "FailedCreate" and "exceeded quota" in message:
        of = event["involvedObject"]
        yield Stuck(what=f"{of['kind']} {of.get('namespace', '')}/{of['name']}", reason="exceeded quota", text=message)


def _with_lines(cluster: Cluster, pod: Object, found: Stuck) -> Stuck:
    """With what the container said before it ended, where it crashes."""
    if not found.container:
        return found
    metadata = pod["metadata"]
    lines = cluster.last_lines(metadata["namespace"], metadata["name"], found.container, previous=True)
    return replace(found, lines=lines)


def stuck(cluster: Cluster, namespaces: Collection[str]) -> list[Stuck]:
    """What is stuck in the namespaces. Raises ClusterError."""
    found: list[Stuck] = []
    for namespace in namespaces:
        pods = [_with_lines(cluster, pod, each) for pod in cluster.list(POD, namespace) for each in of_pod(pod)]
        events = cluster.list(EVENT, namespace)
        awaited = {
            f"Pod {namespace}/{event['involvedObject']['name']}"
            for event in events
            if event.get("reason") in _NODE_COMES
        }
        found += [each for each in pods if each.reason != "Unschedulable" or each.what not in awaited]
        found += [each for event in events for each in of_event(event)]
    return list({each.key: each for each in found}.values())
