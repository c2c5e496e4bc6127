"""What Pulumi would do, read before it does: no plan that deletes data runs without a word."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.clients.process import CommandFailed, run
from components.dynamic.cluster_identity import ClusterIdentity
from components.dynamic.crd_cleanup import CrdCleanup
from components.dynamic.kind_cluster import KindCluster
from components.errors import SlipwayError
from tools.engine.protection import named, word
from tools.engine.stack import Stack

# What data is in, or goes with.
HOLDERS = frozenset(
    {
        "kubernetes:core/v1:Namespace",
        "kubernetes:core/v1:PersistentVolume",
        "kubernetes:core/v1:PersistentVolumeClaim",
        "kubernetes:apps/v1:StatefulSet",
        "kubernetes:postgresql.cnpg.io/v1:Cluster",
        "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition",
        "pulumi:providers:kubernetes",
        # Their deletion removes kinds with all their objects, and the clusters themselves.
        CrdCleanup.token,
        ClusterIdentity.token,
        KindCluster.token,
    }
)
_DELETING = frozenset({"delete", "replace", "delete-replaced", "discard-replaced"})


@dataclass(frozen=True)
class Loss:
    """A step of the plan that deletes what holds data."""

    op: str
    what: str

    def __str__(self) -> str:
        return f"{'replaces' if 'replace' in self.op else 'deletes'} {self.what}"


def losses(steps: Iterable[Mapping[str, Any]]) -> list[Loss]:
    """What the plan deletes or replaces of all that holds data."""
    found = [
        Loss(step["op"], named(old))
        for step in steps
        if step["op"] in _DELETING and (old := step.get("oldState") or {}).get("type") in HOLDERS
    ]
    return list({each.what: each for each in found}.values())


def read(options: Sequence[str], env: Mapping[str, str]) -> list[dict[str, Any]]:
    """The steps that `up` would take. Raises SlipwayError with Pulumi's words when it cannot say."""
    try:
        said = run(["pulumi", "preview", "--json", *_without_plan(options)], env=env, timeout=None)
    except CommandFailed as error:
        raise SlipwayError(f"the plan cannot be made, and nothing was done:\n{_faults(error.output)}") from None
    return list(json.loads(said).get("steps") or [])


def of_events(log: Path) -> list[dict[str, Any]]:
    """The steps in the event log of a preview; [] without one."""
    events = map(json.loads, log.read_text().splitlines() if log.is_file() else ())
    found = (each["resourcePreEvent"]["metadata"] for each in events if "resourcePreEvent" in each)
    return [{"op": each["op"], "oldState": each.get("old") or {}} for each in found]


def _without_plan(options: Sequence[str]) -> list[str]:
    """The options without `--plan FILE`, which a preview does not know."""
    kept: list[str] = []
    words = iter(options)
    for each in words:
        if each == "--plan":
            next(words, None)
        elif not each.startswith("--plan="):
            kept.append(each)
    return kept


def require_word(stack: Stack, steps: Iterable[Mapping[str, Any]], confirm: str | None) -> None:
    """Raises SlipwayError when the plan deletes data and `confirm` is not the stack's word."""
    lost = losses(steps)
    if not lost or confirm == word(stack):
        return
    lines = ["this `up` would delete data, and nothing was done:", *(f"  {each}" for each in lost)]
    raise SlipwayError("\n".join(lines), remedy=f"If that is meant: make up STACK={stack.name} CONFIRM={word(stack)}")


def _faults(output: str) -> str:
    """The errors among a failed preview's words."""
    try:
        diagnostics = json.loads(output[output.index("{") :]).get("diagnostics") or []
    except ValueError:
        return output[-4000:]
    errors = [each["message"].strip() for each in diagnostics if each.get("severity") == "error"]
    return "\n".join(errors) or output[-4000:]
