"""Why a model's pods do not come up, in the words of Kubernetes and of the container itself."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from components.clients.cluster_api import POD, Cluster, ClusterError

CONTAINER = "kserve-container"
# What waiting does not change, once a pod has seen it more than once.
_STUCK = {
    "CrashLoopBackOff",
    "CreateContainerConfigError",
    "CreateContainerError",
    "InvalidImageName",
    "RunContainerError",
}


@dataclass(frozen=True, kw_only=True)
class ModelPods:
    """The pods of one InferenceService that run one image."""

    cluster: Cluster
    namespace: str
    service: str
    image: str

    def failure(self) -> str | None:
        """What is wrong for good with one of them, with its last lines; None while there is hope, or no answer."""
        try:
            return next((self._told(pod, why) for pod in self._pods() if (why := broken(pod))), None)
        except ClusterError:
            # Not to hear is no reason to stop: the model may answer all the same.
            return None

    def last_lines(self) -> str:
        """Of the newest of them; "" where there are none."""
        try:
            newest = max(self._pods(), key=lambda pod: str(pod["metadata"].get("creationTimestamp")), default=None)
            return self._log(newest, previous=False) if newest else ""
        except ClusterError:
            return ""

    def _pods(self) -> Iterator[Mapping[str, Any]]:
        labels = f"serving.kserve.io/inferenceservice%3D{self.service}"
        for pod in self.cluster.list(POD, self.namespace, labels=labels):
            if any(each["image"] == self.image for each in pod["spec"]["containers"]):
                yield pod

    def _told(self, pod: Mapping[str, Any], why: str) -> str:
        log = self._log(pod, previous=True) or self._log(pod, previous=False)
        lines = f"; its last lines:\n{log}" if log else ""
        return f"pod {pod['metadata']['name']}: {why}{lines}"

    def _log(self, pod: Mapping[str, Any], *, previous: bool) -> str:
        return self.cluster.last_lines(self.namespace, pod["metadata"]["name"], CONTAINER, previous=previous)


def broken(pod: Mapping[str, Any]) -> str | None:
    """Why a pod's container will not run however long one waits; None while it may."""
    for status in (pod.get("status") or {}).get("containerStatuses") or []:
        if status["name"] != CONTAINER:
            continue
        waiting = (status.get("state") or {}).get("waiting") or {}
        ended = (status.get("lastState") or {}).get("terminated") or (status.get("state") or {}).get("terminated") or {}
        if status.get("restartCount", 0) >= 2 and ended:
            reason = f" ({ended['reason']})" if ended.get("reason") not in (None, "Error") else ""
            return f"its container ended with {ended.get('exitCode')}{reason}, {status['restartCount']} times over"
        if waiting.get("reason") in _STUCK:
            return f"{waiting['reason']}: {waiting.get('message', '')}".rstrip(": ")
    return None
