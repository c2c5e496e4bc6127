"""Routes of the gateway: which host and path go to which Service."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pulumi_kubernetes as k8s
from pulumi import Input, ResourceOptions

from components import settings as s
from components.dynamic.prediction import VERSION_HEADER
from components.serving.protocol import GRPC_PORT, MODEL
from components.settings.parts.knative import LOCAL_GATEWAY

# What clients ask a model for: predictions, metadata, health and their documentation. MLServer's repository API, by
# which anybody could unload the model, is not among it. A list of what is allowed, because a list of what is refused
# would miss `%2F` for a slash, which the server reads as one.
PATHS = (
    "/v2",
    "/v2/health/(live|ready)",
    r"/v2/docs(/dataplane\.json)?",
    rf"/v2/models/{re.escape(MODEL)}(/versions/[A-Za-z0-9._-]+)?"
    r"(/(infer|infer_stream|generate|generate_stream|ready|docs|docs/dataplane\.json))?",
    # MLflow's own scoring protocol.
    "/(invocations|ping|health|version)",
)
# The same of the protocol's gRPC service, which has MLServer's repository too.
GRPC_PATH = (
    "/inference[.]GRPCInferenceService/"
    "(ServerLive|ServerReady|ModelReady|ServerMetadata|ModelMetadata|ModelInfer|ModelStreamInfer)"
)
_NOT_FOUND = '{"error": "this path is not routed; a model answers on /v2/models/' + MODEL + '/infer"}'


@dataclass(frozen=True, kw_only=True)
class Destination:
    """A Service and its share of the requests; `authority` is the Host header it is asked with, default: unchanged."""

    host: str
    port: int = 80
    authority: str | None = None
    # Percent.
    weight: int = 100


def knative_gateway(settings: s.Settings) -> str:
    """The host name of Knative's way to its revisions; Knative puts it beside the gateway where this stack says so."""
    gateway = settings.ingress.gateway
    namespace = gateway.knative_namespace if settings.platform.serverless == "existing" else gateway.namespace
    return f"{LOCAL_GATEWAY}.{namespace}.svc.cluster.local"


def destinations(model: s.Model, namespace: str, local: str) -> dict[str, Destination]:
    """Where the requests of a model go, by the version that its header asks for; weights are what the others get."""
    if not (model.canary and model.canary_model):
        return {"stable": destination(model, namespace, local)}
    percent = model.canary.percent
    return {
        "stable": destination(model, namespace, local, 100 - percent),
        "canary": destination(model.canary_model, namespace, local, percent),
    }


def destination(model: s.Model, namespace: str, local: str, weight: int = 100) -> Destination:
    """Where KServe has the model's pods behind; `local` is Knative's way to them."""
    predictor = f"{model.name}-predictor.{namespace}.svc.cluster.local"
    if model.mode == "Knative":
        return Destination(host=local, authority=predictor, weight=weight)
    return Destination(host=predictor, weight=weight)


def model_spec(
    gateway: Input[str], hostname: str, versions: Mapping[str, Destination], *, grpc: bool = False
) -> dict[str, Any]:
    """The spec of a model's VirtualService: PATHS go to `versions`, whose weights sum to 100; with `grpc`, so does
    GRPC_PATH, to a port of its own.

    With more than one, a request may ask for one by its name in VERSION_HEADER.
    """
    routes = _to_versions("model", PATHS, versions)
    if grpc:
        ports = {name: replace(to, port=GRPC_PORT) for name, to in versions.items()}
        routes = [*_to_versions("grpc", [GRPC_PATH], ports), *routes]
    refused = {
        "name": "not-found",
        "directResponse": {"status": 404, "body": {"string": _NOT_FOUND}},
        "headers": {"response": {"set": {"content-type": "application/json"}}},
    }
    return {"hosts": [hostname], "gateways": [gateway], "http": [*routes, refused]}


def _to_versions(name: str, paths: Sequence[str], versions: Mapping[str, Destination]) -> list[dict[str, Any]]:
    """Routes of the paths: to the version that a request asks for, else to all by their weights."""
    match = [{"uri": {"regex": path}} for path in paths]
    chosen = [
        {
            "name": version if name == "model" else f"{name}-{version}",
            "match": [{**path, "headers": {VERSION_HEADER: {"exact": version}}} for path in match],
            "route": [_weighted(replace(to, weight=100))],
        }
        for version, to in (versions.items() if len(versions) > 1 else ())
    ]
    return [*chosen, {"name": name, "match": match, "route": [_weighted(each) for each in versions.values()]}]


# With the slash as it may also be written: the server reads both.
_SERVER_INFO = "(/|%2f)mlflow(/|%2f)server-info.*"
# MLflow 3.17 tells it to anybody, users or not: kinds of its stores and what is switched on. Its client does without.
SERVER_INFO = f"(?i).*{_SERVER_INFO}"
# Of it, what its client asks, not its pages. It offers URLs that the store signed, which the client then uses alone.
SERVER_INFO_OF_CLIENTS = f"(?i).*(/|%2f)api(/|%2f)[^/]*{_SERVER_INFO}"


def path_spec(
    gateway: Input[str], hosts: Sequence[str], prefix: str, to: Destination, hidden: str | None = None
) -> dict[str, Any]:
    """The spec of a VirtualService for what lies under `prefix` ("" for everything) of `hosts`, or of any host.

    `hidden` is a pattern of paths that are not there.
    """
    match = [{"uri": {"exact": prefix}}, {"uri": {"prefix": f"{prefix}/"}}] if prefix else [{"uri": {"prefix": "/"}}]
    return {
        "hosts": list(hosts) or ["*"],
        "gateways": [gateway],
        "http": [
            *([{"match": [{"uri": {"regex": hidden}}], "directResponse": {"status": 404}}] if hidden else []),
            {"match": match, "route": [_weighted(to)]},
        ],
    }


def _weighted(to: Destination) -> dict[str, Any]:
    route: dict[str, Any] = {"destination": {"host": to.host, "port": {"number": to.port}}, "weight": to.weight}
    # Of this destination, not of the route: with two of them each has its own.
    return {**route, "headers": {"request": {"set": {"Host": to.authority}}}} if to.authority else route


def virtual_service(
    name: str, namespace: Input[str], spec: Mapping[str, Any], opts: ResourceOptions
) -> k8s.apiextensions.CustomResource:
    """Declare a VirtualService; `name` is the resource's and, with `-route`, the object's."""
    # KServe gives a VirtualService of its own the name of the model.
    return k8s.apiextensions.CustomResource(
        f"{name}-route",
        api_version="networking.istio.io/v1",
        kind="VirtualService",
        metadata={"name": f"{name}-route", "namespace": namespace},
        spec=spec,
        opts=opts,
    )
