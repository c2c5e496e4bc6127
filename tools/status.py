"""How a stack is: its servers, its models, what carries them, and what will be due."""

import os
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from components import settings as s
from components.clients.cluster_api import DEPLOYMENT, ApiResource, Cluster, ClusterError, Object
from components.errors import SlipwayError
from components.settings import parse_settings
from tools.backup import kept
from tools.doctor.report import noted
from tools.doctor.result import Result, fault, note, ok
from tools.embedded.stack import EmbeddedStack
from tools.engine import state
from tools.engine.backend import environment
from tools.engine.cluster import reachable
from tools.engine.stack import Stack
from tools.teardown.inventory import Inventory

SERVICES = ApiResource("serving.kserve.io", "v1beta1", "InferenceService", "inferenceservices", True)
AUTOSCALERS = ApiResource("autoscaling", "v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers", True)
CERTIFICATES = ApiResource("cert-manager.io", "v1", "Certificate", "certificates", True)
BACKUPS = ApiResource("postgresql.cnpg.io", "v1", "Backup", "backups", True)
MODEL_LABEL = "serving.kserve.io/inferenceservice"
SOON_DAYS, OLD_BACKUP_DAYS = 14, 2


def examined(stack: Stack, now: datetime) -> Iterator[Result]:
    """What is found, one thing after another; a stack that was never brought up is a fault."""
    settings = parse_settings(stack.values)
    if stack.embedded:
        yield from servers(EmbeddedStack.of(stack.file).running())
    again = f"make up STACK={stack.name}"
    try:
        cluster = reachable(stack)
    except ClusterError as error:
        yield fault("cluster", error.message, f"make doctor STACK={stack.name}")
        return
    if not cluster:
        yield fault("cluster", "it is not made yet", again)
        return
    yield ok(
        "cluster", f"answers, Kubernetes {(cluster.get('/version') or {}).get('gitVersion', 'of unknown version')}"
    )
    env = environment(stack, stack.content, os.environ)
    outputs = state.outputs(stack, env)
    if not outputs:
        yield fault("stack", "the last `up` did not end, or there was none", again)
    for model in settings.models:
        made = (outputs.get("models") or {}).get(model.name)
        yield from model_of(cluster, settings.namespace_of(model), model, made, again, simulated=stack.embedded)
    namespaces = sorted(Inventory.of(state.resources(stack, env)).namespaces)
    if not stack.embedded:
        yield from deployments(cluster, namespaces)
    yield from certificates(cluster, namespaces, now)
    yield from backups(cluster, settings, now)
    yield from whole_backups(settings, stack.name, now)


def servers(running: dict[str, bool]) -> Iterator[Result]:
    """The embedded stack's processes."""
    for name, runs in running.items():
        yield ok(name, "runs") if runs else fault(name, "is stopped", "make start")


def model_of(
    cluster: Cluster, namespace: str, model: s.Model, made: Object | None, again: str, *, simulated: bool = False
) -> Iterator[Result]:
    """One model: its version, its InferenceService, its pods and its autoscaler."""
    if not made:
        yield fault(model.name, "is not served yet", again)
        return
    canary = made.get("canary")
    share = f", canary version {canary['version']} with {canary['percent']} %" if canary else ""
    service = cluster.get(SERVICES.path(namespace, model.name))
    conditions = _conditions(service or {})
    ready = conditions.get("Ready", {})
    look = f"kubectl --namespace {namespace} describe inferenceservice {model.name}"
    if service is None:
        yield fault(model.name, f"has no InferenceService in {namespace}", again)
    elif ready.get("status") == "True" or (simulated and not conditions):
        yield ok(model.name, f"serves version {made['version']}{share} at {made['url']}")
    else:
        why = ready.get("message") or ready.get("reason") or "KServe has not said why"
        yield fault(model.name, f"version {made['version']} is not ready: {why}", look)
    yield from _replicas(cluster, namespace, model.name)
    for each in cluster.list(AUTOSCALERS, namespace):
        if each["metadata"]["name"] == f"{model.name}-hpa":
            yield autoscaler(each, simulated=simulated)


def _replicas(cluster: Cluster, namespace: str, model: str) -> Iterator[Result]:
    for each in cluster.list(DEPLOYMENT, namespace, labels=f"{MODEL_LABEL}={model}"):
        yield deployment(each)


def deployment(found: Object) -> Result:
    """A Deployment's pods that are ready, of those that it wants."""
    metadata, wanted = found["metadata"], found.get("spec", {}).get("replicas", 1)
    about = f"{metadata['namespace']}/{metadata['name']}"
    ready = found.get("status", {}).get("readyReplicas", 0)
    if ready >= wanted:
        return ok(about, f"{ready} of {wanted} pods ready")
    why = next((c["message"] for c in _conditions(found).values() if c["status"] != "True" and c.get("message")), "")
    look = f"kubectl --namespace {metadata['namespace']} get events --sort-by .lastTimestamp"
    return fault(about, f"{ready} of {wanted} pods ready{f': {why}' if why else ''}", look)


def deployments(cluster: Cluster, namespaces: Sequence[str]) -> Iterator[Result]:
    """What carries the models: only what is not well, and how many there are."""
    found = [deployment(each) for name in namespaces for each in cluster.list(DEPLOYMENT, name)]
    bad = [each for each in found if each.state != "ok"]
    yield from bad
    if found:
        yield ok("deployments", f"{len(found) - len(bad)} of {len(found)} have all their pods")


def autoscaler(found: Object, *, simulated: bool = False) -> Result:
    """The HPA's wish against what there is, within its limits."""
    spec, status = found["spec"], found.get("status", {})
    about = f"{found['metadata']['namespace']}/{found['metadata']['name']}"
    least, most, wish = spec.get("minReplicas", 1), spec["maxReplicas"], status.get("desiredReplicas", 0)
    text = f"wants {wish} replicas, has {status.get('currentReplicas', 0)} ({least} to {most})"
    able = _conditions(found).get("AbleToScale", {})
    if able.get("status") == "False" and simulated:
        return ok(about, f"has no pods to scale on an embedded stack ({least} to {most})")
    if able.get("status") == "False":
        return note(about, f"cannot scale: {able.get('message', '')}", "see docs/autoscaling.md")
    active = _conditions(found).get("ScalingActive", {})
    if active.get("status") == "False":
        return note(about, f"{text}, and does not scale: {active.get('message', '')}", "see docs/autoscaling.md")
    if wish >= most > least:
        return note(about, f"{text}: it is at its maximum", "give it a higher max, or look at the load")
    return ok(about, text)


def certificates(cluster: Cluster, namespaces: Sequence[str], now: datetime) -> Iterator[Result]:
    """The gateway's certificates, and when they end."""
    for name in namespaces:
        for each in cluster.list(CERTIFICATES, name):
            about = f"certificate {name}/{each['metadata']['name']}"
            ready, end = _conditions(each).get("Ready", {}), each.get("status", {}).get("notAfter")
            if ready.get("status") != "True" or not end:
                look = f"kubectl --namespace {name} describe certificate {each['metadata']['name']}"
                yield fault(about, f"is not signed: {ready.get('message', 'cert-manager has not looked at it')}", look)
                continue
            left = (_time(end) - now).days
            text = f"ends {end[:10]}, in {left} days"
            late = "cert-manager should have renewed it: see its events"
            yield note(about, text, late) if left < SOON_DAYS else ok(about, text)


def backups(cluster: Cluster, settings: s.Settings, now: datetime) -> Iterator[Result]:
    """The last backup of the database, where the stack has any."""
    own = settings.database.cloud_native_pg
    if not own or not own.backup:
        return
    done = [
        each["status"]["stoppedAt"]
        for each in cluster.list(BACKUPS, settings.namespaces.data)
        if each.get("status", {}).get("phase") == "completed"
    ]
    if not done:
        yield note("backup", "none has ended yet", f"kubectl --namespace {settings.namespaces.data} get backups")
        return
    last = _time(max(done))
    look = f"kubectl --namespace {settings.namespaces.data} get backups"
    yield _age("backup", f"the last one ended {last:%Y-%m-%d %H:%M}", now - last, look)


def whole_backups(settings: s.Settings, stack: str, now: datetime) -> Iterator[Result]:
    """The last one of database and artifacts, where the stack says where they are."""
    if not settings.backups:
        return
    take = f"make backup STACK={stack}"
    try:
        last = kept.newest(kept.place(settings), stack)
    except SlipwayError as error:
        yield note("make backup", error.message, "this machine cannot read slipway:backups: see its credentials")
        return
    if not last:
        yield note("make backup", "none is there yet", take)
        return
    yield _age("make backup", f"the last one began {last:%Y-%m-%d %H:%M}", now - last, take)


def _age(about: str, text: str, age: timedelta, remedy: str) -> Result:
    return note(about, f"{text}, {age.days} days ago", remedy) if age.days >= OLD_BACKUP_DAYS else ok(about, text)


def _conditions(found: Object) -> dict[str, dict[str, Any]]:
    return {each["type"]: each for each in found.get("status", {}).get("conditions") or []}


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(UTC)


def summary(results: Sequence[Result]) -> str:
    faults, notes = (sum(each.state == state for each in results) for state in ("fault", "note"))
    return (f"{faults} of {len(results)} are not well" if faults else "all well") + noted(notes)
