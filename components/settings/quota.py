"""A ResourceQuota's `hard`: what may be counted, and how (https://kubernetes.io/docs/concepts/policy/resource-quotas/)."""

import re
from collections.abc import Mapping

from components.settings import quantity

_COUNTS = (
    *("pods", "services", "services.loadbalancers", "services.nodeports", "secrets", "configmaps"),
    *("persistentvolumeclaims", "replicationcontrollers", "resourcequotas"),
)
_CPU = ("cpu", "requests.cpu", "limits.cpu")
_BYTES = (
    *("memory", "requests.memory", "limits.memory", "requests.storage"),
    *("ephemeral-storage", "requests.ephemeral-storage", "limits.ephemeral-storage"),
)
KNOWN = (*_CPU, *_BYTES, *_COUNTS)
_COUNTED = re.compile(r"count/[a-z]+(\.[a-z0-9.-]+)?")
_OF_CLASS = re.compile(r"[a-z0-9.-]+\.storageclass\.storage\.k8s\.io/(requests\.storage|persistentvolumeclaims)")
_EXTENDED = re.compile(
    r"requests\.(?!([a-z0-9.-]*\.)?kubernetes\.io/)[a-z0-9.-]+/[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?"
)


def is_known(key: str) -> bool:
    return key in KNOWN or any(form.fullmatch(key) for form in (_COUNTED, _OF_CLASS, _EXTENDED))


def key_problem(key: str) -> str | None:
    """Why a quota cannot have the key, and what to write; None when it can."""
    if is_known(key):
        return None
    if re.fullmatch(r"limits\..+/.+", key):
        return f"Kubernetes counts a device by its request alone; write requests.{key.removeprefix('limits.')}"
    if "/" in key:
        return f"write requests.{key} for a device, or count/<resources>.<group> for objects"
    return "no resource that a quota counts, such as requests.cpu, limits.memory, pods or requests.nvidia.com/gpu"


def value_problem(key: str, amount: str) -> str | None:
    """Why a quota cannot have this much of `key`; None when it can."""
    if quantity.parse(amount) == 0:
        return None
    try:
        if key in _CPU:
            # Of a whole team, and so not held to what one machine has.
            quantity.cores(amount)
        elif key in _BYTES or key.endswith("/requests.storage"):
            quantity.memory(amount, of_many=True)
        elif quantity.parse(amount) != int(quantity.parse(amount)):
            return "things are counted in whole numbers; write one"
    except ValueError as error:
        return str(error)
    return None


def problems(hard: Mapping[str, str]) -> list[tuple[str, str]]:
    """Each key that is wrong, by itself or by its value, and why."""
    found = [(key, key_problem(key) or value_problem(key, amount)) for key, amount in hard.items()]
    return [(key, reason) for key, reason in found if reason]
