"""What the models of a namespace take of its quota at their most."""

import math
from collections.abc import Iterator, Mapping
from decimal import Decimal

from components.settings import quantity
from components.settings.models import Model
from components.settings.resources import KSERVE_DEFAULTS, Resources
from components.settings.stack import Settings

# What a container gets that says nothing itself, in a namespace with a quota: Knative's queue-proxy. A model's own
# container says it all, or the settings are refused.
SIDECAR_REQUESTS = {"cpu": "25m", "memory": "64Mi"}
SIDECAR_LIMITS = {"cpu": "1", "memory": "256Mi"}
# Istio's own defaults for a sidecar (https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/).
MESH_REQUESTS = {"cpu": "100m", "memory": "128Mi"}
MESH_LIMITS = {"cpu": "2", "memory": "1Gi"}

# Keys of a ResourceQuota that Kubernetes takes for another (https://kubernetes.io/docs/concepts/policy/resource-quotas/).
SAME = {"cpu": "requests.cpu", "memory": "requests.memory", "count/pods": "pods"}


def pods(model: Model) -> int:
    """The pods of a model while it is updated at its largest scale."""
    scaling = model.autoscaling
    most = scaling.max if scaling else model.replicas or 1
    if model.mode == "Knative":
        # The old revision stays until the new one has as many pods as it must have.
        return most + max(1, scaling.min if scaling else most)
    # A Deployment's maxSurge.
    return most + math.ceil(most / 4)


def of_pod(model: Model, settings: Settings) -> dict[str, Decimal]:
    """What one pod takes, by the keys of a ResourceQuota; a key is missing where the model does not say it."""
    parts = [asked(model.resources)]
    if model.mode == "Knative":
        parts.append(_keys(SIDECAR_REQUESTS, SIDECAR_LIMITS))
    if settings.security.mutual_tls:
        parts.append(_keys(MESH_REQUESTS, MESH_LIMITS))
    total = {key: sum((part[key] for part in parts if key in part), Decimal()) for key in parts[0]}
    gpus = {f"requests.{model.gpus.resource}": Decimal(model.gpus.count)} if model.gpus else {}
    return {**total, **gpus, "pods": Decimal(1)}


def asked(resources: Resources) -> dict[str, Decimal]:
    """A model's `requests.cpu`, `limits.memory` and so on; beside a limit KServe fills in the request."""
    requests, limits = (part.model_dump(exclude_none=True) for part in (resources.requests, resources.limits))
    filled = {name: KSERVE_DEFAULTS[name] for name in limits}
    return _keys({**filled, **requests}, limits)


def _keys(requests: Mapping[str, str], limits: Mapping[str, str]) -> dict[str, Decimal]:
    return {
        **{f"requests.{name}": quantity.parse(amount) for name, amount in requests.items()},
        **{f"limits.{name}": quantity.parse(amount) for name, amount in limits.items()},
    }


def served(settings: Settings, namespace: str) -> Iterator[Model]:
    """The models of a namespace, canaries too."""
    for model in settings.models:
        if settings.namespace_of(model) == namespace:
            yield from model.versions


def total(settings: Settings, namespace: str) -> dict[str, Decimal]:
    """What all models of a namespace take at their most, by the keys of a ResourceQuota."""
    result: dict[str, Decimal] = {}
    for model in served(settings, namespace):
        for key, amount in of_pod(model, settings).items():
            result[key] = result.get(key, Decimal()) + amount * pods(model)
    return result
