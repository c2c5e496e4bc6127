"""Versions that a stack serves and that MLflow no longer has: its database was emptied, or somebody deleted them.

Pulumi would say "unchanged": nothing of it is the state's.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from components.clients.cluster_api import JOB, Cluster
from components.clients.tracking_server import TrackingServer
from components.data.tracking_auth import ADMIN
from components.errors import SlipwayError
from components.settings import Settings, parse_settings
from components.settings.model_source import RegisteredModel, parse_source
from tools.engine import state
from tools.engine.stack import Stack

OPTION = "--train-again"
_TRAINING = "slipway:models:Training"


def versions(settings: Settings, outputs: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Name and version of what the last `up` served and the stack file still asks for."""
    for model in settings.models:
        made = (outputs.get("models") or {}).get(model.name) or {}
        pairs = [(model.source, made.get("version"))]
        if model.canary:
            pairs.append((model.canary.source, (made.get("canary") or {}).get("version")))
        for text, version in pairs:
            source = parse_source(text)
            if isinstance(source, RegisteredModel) and version and source.version in (None, int(version)):
                yield source.name, str(version)


def missing(settings: Settings, outputs: Mapping[str, Any]) -> list[str]:
    """Those that MLflow answers not to have; [] where it does not answer, as before a first `up`."""
    wanted = list(versions(settings, outputs))
    if not wanted or not outputs.get("tracking"):
        return []
    login = {"username": ADMIN, "password": outputs["trackingPassword"]} if outputs.get("trackingPassword") else {}
    server = TrackingServer(uri=outputs["tracking"], trust=outputs.get("certificateAuthority", ""), **login)
    try:
        return [f"models:/{name}/{version}" for name, version in wanted if not server.has_version(name, version)]
    except OSError:
        return []


def of(stack: Stack, known: state.Known, env: Mapping[str, str]) -> list[str]:
    """Those of a stack, as `missing` has them. Raises SlipwayError where the state cannot be read."""
    settings, outputs = parse_settings(stack.values), known.outputs
    if outputs and settings.tracking.auth:
        outputs = state.outputs(stack, env, "--show-secrets")
    return missing(settings, outputs)


def refusal(stack: str, gone: Sequence[str]) -> SlipwayError:
    return SlipwayError(
        f"MLflow no longer has {', '.join(gone)}, which {stack} serves: its database was emptied, or somebody deleted "
        "them. Nothing was done",
        remedy=f"bring a backup back: make restore STACK={stack} FROM=place; or train them again: "
        f"make up STACK={stack} ARGS={OPTION}",
    )


def forget_trainings(cluster: Cluster, resources: Sequence[Mapping[str, Any]]) -> None:
    """Delete the Jobs that have trained: an `up` that refreshes makes, and so runs, them anew."""
    for each in resources:
        if each["type"] == "kubernetes:batch/v1:Job" and _TRAINING in each["urn"]:
            namespace, _, name = str(each["id"]).rpartition("/")
            cluster.delete(f"{JOB.path(namespace, name)}?propagationPolicy=Background")
