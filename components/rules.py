"""Settings that are right one by one and wrong together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from components import quantity, scaling_rules
from components.names import ModelFolder, parse_source
from components.problems import Problem, fault

if TYPE_CHECKING:
    from components.settings import Model, Resources, Settings

SECRET_PLACEHOLDER = "secure value"


def check(settings: Settings) -> list[Problem]:
    """Every contradiction in `settings`, in the order of its sections."""
    return [
        *_cluster(settings),
        *_data(settings),
        *_build(settings),
        *(found for index, model in enumerate(settings.models) for found in _model(settings, model, ("models", index))),
        *_unique_models(settings),
        *scaling_rules.check_queries(settings),
    ]


def _cluster(settings: Settings) -> Iterator[Problem]:
    cluster, platform = settings.cluster, settings.platform
    if (cluster.kind is None) == (cluster.existing is None):
        yield fault(("cluster",), None, "write exactly one of `kind` (a cluster that Slipway makes) and `existing`")
    if cluster.kind:
        ports = [cluster.kind.http_port, cluster.kind.https_port, cluster.kind.registry_port]
        if len(set(ports)) < len(ports):
            yield fault(("cluster", "kind"), ports, "httpPort, httpsPort and registryPort must differ")
        if settings.registry:
            yield fault(
                ("registry",), settings.registry.address, "a kind cluster has its own registry; remove this key"
            )
    unbuilt = [model.name for model in settings.models if not model.image]
    if cluster.existing and unbuilt and not settings.registry:
        yield fault(
            ("registry",),
            None,
            "the models' images need a registry to be pushed to; write its `address` (or every model's `image`)",
        )
    if settings.embedded and not cluster.existing:
        yield fault(("embedded",), None, "write its kubeconfig and context as `cluster.existing`")
    if settings.embedded and len(settings.models) > 1:
        yield fault(("models",), len(settings.models), "an embedded stack serves one model on this machine; write one")
    if settings.registry and (settings.registry.username is None) != (settings.registry.password is None):
        yield fault(("registry",), settings.registry.address, "write both `username` and `password`, or neither")
    if platform.serving != "off" and platform.certificates == "off":
        yield fault(("platform", "certificates"), "off", "KServe needs cert-manager; write install or existing")
    if platform.serverless == "install" and platform.mesh == "off":
        yield fault(
            ("platform", "mesh"), "off", "Knative is installed with Istio as its network; write install or existing"
        )
    if settings.models and platform.serving == "off":
        yield fault(
            ("platform", "serving"),
            "off",
            "models are served by KServe; write install or existing, or remove the models",
        )


def _data(settings: Settings) -> Iterator[Problem]:
    database, store = settings.database, settings.object_store
    if database.url:
        url = database.url.get_secret_value()
        if url != SECRET_PLACEHOLDER and not url.startswith("postgresql+psycopg2://"):
            # MLflow's image has both drivers, and SQLAlchemy 2.1 reads a bare postgresql:// as psycopg 3.
            yield fault(("database", "url"), None, "write postgresql+psycopg2://user:password@host:5432/name")
    if store.engine != "s3":
        for key, value in (("endpoint", store.endpoint), ("accessKeyId", store.access_key_id)):
            if value:
                yield fault(
                    ("objectStore", key), value, f"only for `engine: s3`; the {store.engine} engine makes its own"
                )
        if store.secret_access_key:
            yield fault(
                ("objectStore", "secretAccessKey"),
                None,
                f"only for `engine: s3`; the {store.engine} engine makes its own",
            )
    elif (store.access_key_id is None) != (store.secret_access_key is None):
        yield fault(("objectStore",), "s3", "write both `accessKeyId` and the secret `secretAccessKey`, or neither")
    if not (settings.tracking.hosts or settings.tracking.uri or settings.ingress.address or settings.cluster.kind):
        yield fault(("tracking", "hosts"), None, "write the host name that MLflow is to have at the ingress")
    if settings.tracking.replicas > 1 and settings.platform.mesh == "off":
        yield fault(
            ("tracking", "replicas"), settings.tracking.replicas, "needs an ingress; write 1 or install the mesh"
        )


def _build(settings: Settings) -> Iterator[Problem]:
    build = settings.build
    if build.ca_bundle and not Path(build.ca_bundle).is_file():
        yield fault(("build", "caBundle"), build.ca_bundle, "no such file; write the path of a PEM file")
    if build.package_index and urlsplit(build.package_index).username:
        yield fault(
            ("build", "packageIndex"),
            None,
            "a credential here would stay in the image's history; use an index without one",
        )


def _unique_models(settings: Settings) -> Iterator[Problem]:
    counts = Counter(model.name for model in settings.models)
    for index, model in enumerate(settings.models):
        if counts[model.name] > 1:
            yield fault(("models", index, "name"), model.name, "two models have this name; every name must be its own")


def _model(settings: Settings, model: Model, at: tuple[str | int, ...]) -> Iterator[Problem]:
    source = parse_source(model.source)
    if isinstance(source, ModelFolder):
        if model.train:
            yield fault(
                (*at, "train"), model.train.script, "a local folder is not trained here; write a models:/ source"
            )
        if not (source.path / "MLmodel").is_file():
            yield fault(
                (*at, "source"), model.source, "no MLmodel file in that folder; write the path of a saved MLflow model"
            )
    if model.train and not Path(model.train.script).is_file():
        yield fault((*at, "train"), model.train.script, "no such file; write a path from the project's folder")
    if model.mode == "Knative" and settings.platform.serverless == "off":
        yield fault((*at, "mode"), "Knative", "platform.serverless is off; write Standard, or install Knative")
    yield from _resources(model.resources, (*at, "resources"))
    yield from scaling_rules.check(settings, model, at)


def _resources(resources: Resources, at: tuple[str | int, ...]) -> Iterator[Problem]:
    for name in ("cpu", "memory"):
        request, limit = getattr(resources.requests, name), getattr(resources.limits, name)
        if request and limit and quantity.parse(request) > quantity.parse(limit):
            yield fault((*at, "requests", name), request, f"more than the limit {limit}; write at most that")
