"""What the controller makes of the objects that it reads: API objects to the simulator's terms.

The rules are those of `getPodMetrics`, `getContainerMetrics`, `GetRawMetric`, `GetObjectMetric` and
`GetExternalMetric` in `metrics/client.go` of k8s.io/kubernetes v1.34.4, pkg/controller/podautoscaler.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from hpa import manifest
from hpa.integers import int64
from hpa.replicas import Pod, Reading, Ready, Sample
from hpa.spec import Metric


def stamp(seconds: float) -> str:
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def reading(metric: Metric, status: int, body: Any) -> Reading:
    """The reading that a metrics API's answer comes to."""
    items = body.get("items", []) if status == 200 else []
    if not items:
        return None
    if metric.source in ("Resource", "ContainerResource"):
        return {item["metadata"]["name"]: found for item in items if (found := _resource(metric, item))}
    if metric.source == "Pods":
        return {item["describedObject"]["name"]: _sample(item) for item in items}
    if metric.source == "Object" and len(items) != 1:
        return None
    return [manifest.milli(item["value"], "value") for item in items]


def _sample(item: Mapping[str, Any]) -> Sample:
    value = manifest.milli(item["value"], "value")
    return Sample(value, seconds(item["timestamp"]), float(item.get("windowSeconds", 60)))


def _resource(metric: Metric, item: Mapping[str, Any]) -> Sample | None:
    containers = [part for part in item["containers"] if metric.container in ("", part["name"])][
        : 1 if metric.container else None
    ]
    if not containers or any(metric.name not in part["usage"] for part in containers):
        return None
    value = int64(sum(manifest.milli(part["usage"][metric.name], "usage") for part in containers))
    return Sample(value, seconds(item["timestamp"]), float(item["window"].removesuffix("s")))


def pod(entry: Mapping[str, Any]) -> Pod:
    """The pod of a manifest with its status."""
    status = entry["status"]
    ready = next((part for part in status.get("conditions", []) if part["type"] == "Ready"), None)
    sidecars = [part for part in entry["spec"].get("initContainers", []) if part.get("restartPolicy") == "Always"]
    return Pod(
        name=entry["metadata"]["name"],
        phase=status["phase"],
        ready=Ready(ready["status"], seconds(ready["lastTransitionTime"])) if ready else None,
        started=seconds(status["startTime"]) if "startTime" in status else None,
        deleting="deletionTimestamp" in entry["metadata"],
        requests=_requests([*entry["spec"]["containers"], *sidecars]),
        whole=_whole([*entry["spec"]["containers"], *sidecars], entry["spec"].get("resources", {})),
    )


def _requests(containers: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, int]]:
    return {
        part["name"]: {
            name: manifest.amount(amount, "request").stored().milli()
            for name, amount in part.get("resources", {}).get("requests", {}).items()
        }
        for part in containers
    }


def _whole(containers: Sequence[Mapping[str, Any]], resources: Mapping[str, Any]) -> dict[str, int] | None:
    """`resourcehelpers.PodRequests`: the pod's own requests, and the sum of its containers where it has none."""
    if not resources.get("requests"):
        return None
    parts = _requests([*containers, {"name": "", "resources": resources}])
    own = parts.pop("")
    names = {name for part in parts.values() for name in part}
    return {name: sum(part.get(name, 0) for part in parts.values()) for name in names} | own
