"""Contradictions in the models and in how their images are built."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from components.settings import quantity
from components.settings.models import CANARY_SUFFIX, Model, Train
from components.settings.names import LONGEST_NAME, ModelFolder, parse_source
from components.settings.problems import Problem, fault
from components.settings.resources import Resources
from components.settings.rules import scaling
from components.settings.stack import Settings


def check(settings: Settings) -> Iterator[Problem]:
    yield from _build(settings)
    for index, model in enumerate(settings.models):
        yield from _model(settings, model, ("models", index))
    yield from _unique_models(settings)
    yield from _one_training(settings)


def _one_training(settings: Settings) -> Iterator[Problem]:
    """A version is trained once, so those who ask for it must agree how."""
    known: dict[str, Train] = {}
    for index, model in enumerate(settings.models):
        canary = [(("models", index, "canary"), model.canary.source, model.canary.train)] if model.canary else []
        for at, source, train in [(("models", index), model.source, model.train), *canary]:
            if train and known.setdefault(source, train) != train:
                yield fault(
                    (*at, "train"),
                    train.script,
                    f"{source} is trained otherwise above; write the same, or another source",
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
    canaries = {model.canary_model.name for model in settings.models if model.canary_model}
    for index, model in enumerate(settings.models):
        if counts[model.name] > 1:
            yield fault(
                ("models", index, "name"),
                model.name,
                "two models have this name; every name must be its own, in other teams too",
            )
        if model.name in canaries:
            yield fault(
                ("models", index, "name"), model.name, "the canary of another model has this name; write another"
            )


def _canary(settings: Settings, model: Model, at: tuple[str | int, ...]) -> Iterator[Problem]:
    canary = model.canary_model
    if not canary:
        return
    if len(canary.name) > LONGEST_NAME:
        yield fault(
            (*at, "name"),
            model.name,
            f"with a canary at most {LONGEST_NAME - len(CANARY_SUFFIX)} characters: it is served as {canary.name}",
        )
    if (canary.source, canary.image) == (model.source, model.image):
        yield fault((*at, "canary", "source"), canary.source, "the model's own source; write the other version's")
    if settings.platform.mesh == "off":
        yield fault((*at, "canary"), None, "Istio splits the traffic; write platform.mesh: install or existing")
    if settings.embedded:
        yield fault((*at, "canary"), None, "an embedded stack serves one version on this machine; remove it")
    yield from _source(canary.source, model.canary.train if model.canary else None, (*at, "canary"))


def _model(settings: Settings, model: Model, at: tuple[str | int, ...]) -> Iterator[Problem]:
    yield from _source(model.source, model.train, at)
    if model.mode == "Knative" and settings.platform.serverless == "off":
        yield fault((*at, "mode"), "Knative", "platform.serverless is off; write Standard, or install Knative")
    if model.mode != "Knative" and model.rollout_seconds:
        yield fault(
            (*at, "rolloutSeconds"),
            model.rollout_seconds,
            "Knative takes over bit by bit; write mode: Knative, or a canary",
        )
    yield from _resources(model.resources, (*at, "resources"))
    yield from scaling.check(settings, model, at)
    yield from _canary(settings, model, at)


def _source(text: str, train: Train | None, at: tuple[str | int, ...]) -> Iterator[Problem]:
    source = parse_source(text)
    if isinstance(source, ModelFolder):
        if train:
            yield fault((*at, "train"), train.script, "a local folder is not trained here; write a models:/ source")
        if not (source.path / "MLmodel").is_file():
            yield fault((*at, "source"), text, "no MLmodel file in that folder; write the path of a saved MLflow model")
    if train and not Path(train.script).is_file():
        yield fault((*at, "train"), train.script, "no such file; write a path from the project's folder")


def _resources(resources: Resources, at: tuple[str | int, ...]) -> Iterator[Problem]:
    for name in ("cpu", "memory"):
        request, limit = getattr(resources.requests, name), getattr(resources.limits, name)
        if request and limit and quantity.parse(request) > quantity.parse(limit):
            yield fault((*at, "requests", name), request, f"more than the limit {limit}; write at most that")
