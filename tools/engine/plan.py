"""What Pulumi would do, read before it does: no plan that deletes data runs without a word."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from components.clients.process import CommandFailed, run
from components.data.database import PLACE
from components.data.object_store import ENDPOINT
from components.data.tracking import DESTINATION
from components.dynamic.api_keys import ApiKeys
from components.dynamic.cluster_identity import ClusterIdentity
from components.dynamic.crd_cleanup import CrdCleanup
from components.dynamic.kind_cluster import KindCluster
from components.errors import SlipwayError
from tools.engine import release_data
from tools.engine.protection import named, word
from tools.engine.stack import Stack

_STATEFUL_SET, _DEPLOYMENT = "kubernetes:apps/v1:StatefulSet", "kubernetes:apps/v1:Deployment"
# What data is in, or goes with.
HOLDERS = frozenset(
    {
        "kubernetes:core/v1:Namespace",
        "kubernetes:core/v1:PersistentVolume",
        "kubernetes:core/v1:PersistentVolumeClaim",
        _STATEFUL_SET,
        "kubernetes:postgresql.cnpg.io/v1:Cluster",
        "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition",
        "pulumi:providers:kubernetes",
        # Their deletion removes kinds with all their objects, and the clusters themselves.
        CrdCleanup.token,
        ClusterIdentity.token,
        KindCluster.token,
        # The clients' keys are in the state alone, and new ones are other ones.
        ApiKeys.token,
    }
)
_DELETING = frozenset({"delete", "replace", "delete-replaced", "discard-replaced"})


def losses(steps: Iterable[Mapping[str, Any]]) -> list[str]:
    """What the plan deletes or replaces of all that holds data, and what it would leave behind unread."""
    found: dict[str, str] = {}
    for step in steps:
        old, new = step.get("oldState") or {}, step.get("newState") or {}
        deleting = step["op"] in _DELETING
        if old.get("type") == release_data.RELEASE and (deleting or step["op"] == "update"):
            found |= {line: line for line in release_data.lost(old, {} if deleting else new)}
        elif deleting and old.get("type") in HOLDERS:
            found[named(old)] = f"{'replaces' if 'replace' in step['op'] else 'deletes'} {named(old)}"
        elif old and new:
            found |= {line: line for line in _left_behind(old, new)}
    return list(found.values())


def _left_behind(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    """Data that stays where it is, and that nobody would find there any more."""
    if (known := _database(old)) and (now := _database(new)) and known != now:
        yield f"leaves MLflow's runs and versions in the database {known}, and has it look for them in {now}"
    before, after = _container(old), _container(new)
    if not before or not after:
        return
    if old["type"] == _STATEFUL_SET and before.get("name") != after.get("name"):
        yield f"has {after.get('name')} read what {before.get('name')} wrote for {named(old)}, which it cannot"
    if old["type"] == _DEPLOYMENT and (place := _artifacts(before)) and place != (now := _artifacts(after)):
        yield f"leaves MLflow's artifacts in {place}, and has it look for them in {now or 'no store'}"


def _database(resource: Mapping[str, Any]) -> str:
    """Where MLflow's database is, as its Secret tells; "" for any other resource."""
    metadata = (resource.get("inputs") or {}).get("metadata") or {}
    return str((metadata.get("annotations") or {}).get(PLACE) or "")


def _container(resource: Mapping[str, Any]) -> dict[str, Any]:
    """The first one of a workload's pods, as the program declared it."""
    template = ((resource.get("inputs") or {}).get("spec") or {}).get("template") or {}
    return dict(((template.get("spec") or {}).get("containers") or [{}])[0])


def _artifacts(container: Mapping[str, Any]) -> str:
    """Where a server of MLflow's keeps artifacts; "" for what is none."""
    known = {each["name"]: each.get("value") for each in container.get("env") or ()}
    destination, endpoint = known.get(DESTINATION), known.get(ENDPOINT)
    return f"{destination} at {endpoint}" if destination and endpoint else str(destination or "")


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
    return [{"op": each["op"], "oldState": each.get("old"), "newState": each.get("new")} for each in found]


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
    lines = ["this `up` would delete data or lose sight of it, and nothing was done:", *(f"  {each}" for each in lost)]
    raise SlipwayError("\n".join(lines), remedy=f"If that is meant: make up STACK={stack.name} CONFIRM={word(stack)}")


def _faults(output: str) -> str:
    """The errors among a failed preview's words."""
    try:
        diagnostics = json.loads(output[output.index("{") :]).get("diagnostics") or []
    except ValueError:
        return output[-4000:]
    errors = [each["message"].strip() for each in diagnostics if each.get("severity") == "error"]
    return "\n".join(errors) or output[-4000:]
