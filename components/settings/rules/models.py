"""Contradictions in the models and in how their images are built."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path as File

from components.settings.credentials import bundle_problem
from components.settings.files import OF_ONE_MACHINE, of_one_machine
from components.settings.kubernetes_names import LONGEST_NAME, LONGEST_NAME_AND_NAMESPACE
from components.settings.model_source import ModelFolder, parse_source
from components.settings.models import CANARY_SUFFIX, Train
from components.settings.problems import Path, Problem, fault
from components.settings.rules import containers
from components.settings.stack import Settings

# What the Job says to every script (components/models/training.py), and where its server is.
_OWN_ARGUMENTS = ("--registered-model", "--ensure", "--tracking-uri")


def build(settings: Settings) -> Iterator[Problem]:
    bundle = settings.build.ca_bundle
    if not bundle:
        return
    try:
        reason = bundle_problem(File(bundle).read_bytes())
    except (OSError, ValueError):
        reason = "no such file; write the path of a PEM file"
    if reason:
        yield fault(("build", "caBundle"), bundle, reason)


def names(settings: Settings) -> Iterator[Problem]:
    counts = Counter(model.name for model in settings.models)
    canaries = {f"{model.name}{CANARY_SUFFIX}" for model in settings.models if model.canary}
    for index, model in enumerate(settings.models):
        at: Path = ("models", index, "name")
        if counts[model.name] > 1:
            yield fault(at, model.name, "two models have this name; every name must be its own, in other teams too")
        if model.name in canaries:
            yield fault(at, model.name, "the canary of another model has this name; write another")
        # KServe's objects of a model, beside those of another in the namespace.
        whose = model.name.removesuffix("-predictor")
        if whose != model.name and counts[whose]:
            yield fault(at, model.name, f"KServe gives this name to what belongs to {whose}; write another")


def lengths(settings: Settings) -> Iterator[Problem]:
    for index, model in enumerate(settings.models):
        for version in model.versions:
            longest = LONGEST_NAME_AND_NAMESPACE - len(settings.namespace_of(model))
            longest = min(longest, LONGEST_NAME) - (len(version.name) - len(model.name))
            if len(model.name) > longest:
                why = f"; it is served as {version.name}" if version.name != model.name else ""
                yield fault(
                    ("models", index, "name"),
                    model.name,
                    f"write at most {longest} characters: KServe puts it into labels of 63, with the namespace "
                    f"{settings.namespace_of(model)}{why}",
                )


def canaries(settings: Settings) -> Iterator[Problem]:
    for index, model in enumerate(settings.models):
        at: Path = ("models", index, "canary")
        if not model.canary:
            continue
        if (model.canary.source, model.canary.image) == (model.source, model.image):
            yield fault((*at, "source"), model.canary.source, "the model's own source; write the other version's")
        if settings.platform.mesh == "off":
            yield fault(at, None, "Istio splits the traffic; write platform.mesh: install or existing")
        if settings.embedded:
            yield fault(at, None, "an embedded stack serves one version on this machine; remove it")


def sources(settings: Settings) -> Iterator[Problem]:
    for index, model in enumerate(settings.models):
        yield from _source(model.source, model.train, ("models", index))
        if model.canary:
            yield from _source(model.canary.source, model.canary.train, ("models", index, "canary"))


def _source(text: str, train: Train | None, at: Path) -> Iterator[Problem]:
    source = parse_source(text)
    if isinstance(source, ModelFolder):
        if train:
            yield fault((*at, "train"), train.script, "a local folder is not trained here; write a models:/ source")
        if of_one_machine(text):
            yield fault((*at, "source"), text, OF_ONE_MACHINE)
        elif not _is_file(source.path / "MLmodel"):
            yield fault((*at, "source"), text, "no MLmodel file in that folder; write the path of a saved MLflow model")
    if train:
        yield from _train(train, (*at, "train"))


def _is_file(path: File) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def _train(train: Train, at: Path) -> Iterator[Problem]:
    script = File(train.script)
    if of_one_machine(train.script):
        yield fault(at, train.script, OF_ONE_MACHINE)
    elif of_one_machine(train.folder or ""):
        yield fault((*at, "folder"), train.folder, OF_ONE_MACHINE)
    elif not _is_file(script):
        yield fault(at, train.script, "no such file; write a path from the project's folder")
    elif train.folder and not script.resolve().is_relative_to(File(train.folder).resolve()):
        yield fault((*at, "folder"), train.folder, f"the script is not in it; write the folder of {train.script}")
    for number, argument in enumerate(train.args):
        name = argument.partition("=")[0]
        # argparse takes the beginning of an option for it.
        if re.fullmatch(r"--[a-z][a-z-]+", name) and any(own.startswith(name) for own in _OWN_ARGUMENTS):
            yield fault((*at, "args", number), name, "Slipway says this itself, by `source`; remove it")
    yield from containers.request_over_limit(train.resources, (*at, "resources"))


def trainings(settings: Settings) -> Iterator[Problem]:
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


def modes(settings: Settings) -> Iterator[Problem]:
    for index, model in enumerate(settings.models):
        at: Path = ("models", index)
        if model.mode == "Knative" and settings.platform.serverless == "off":
            yield fault((*at, "mode"), "Knative", "platform.serverless is off; write Standard, or install Knative")
        if model.mode == "Knative" and model.grpc:
            yield fault(
                (*at, "grpc"), True, "Knative routes one port to a model, and HTTP has it; write mode: Standard"
            )
        if model.grpc and settings.platform.mesh == "off":
            yield fault((*at, "grpc"), True, "the gateway is Istio's, and platform.mesh is off; remove it")
        if model.mode != "Knative" and model.rollout_seconds:
            yield fault(
                (*at, "rolloutSeconds"),
                model.rollout_seconds,
                "Knative takes over bit by bit; write mode: Knative, or a canary",
            )


def resources(settings: Settings) -> Iterator[Problem]:
    for index, model in enumerate(settings.models):
        at: Path = ("models", index, "resources")
        yield from containers.request_over_limit(model.resources, at)
        yield from containers.filled_by_kserve(model.resources, at)


def tolerations(settings: Settings) -> Iterator[Problem]:
    for index, model in enumerate(settings.models):
        for number, toleration in enumerate(model.tolerations):
            at: Path = ("models", index, "tolerations", number)
            if toleration.operator == "Exists" and toleration.value is not None:
                yield fault((*at, "value"), toleration.value, "`operator: Exists` takes no value; remove this key")
            if toleration.operator == "Equal" and toleration.key is None:
                yield fault((*at, "key"), None, "write the taint's key, or `operator: Exists` for every taint")


def teams(settings: Settings) -> Iterator[Problem]:
    known = [team.name for team in settings.teams]
    for index, model in enumerate(settings.models):
        if model.team and model.team not in known:
            yield fault(("models", index, "team"), model.team, f"no such team; write one of {_listed(known)}")


def _listed(names: list[str]) -> str:
    return ", ".join(names) if names else "slipway:teams, which has none"


RULES = (build, names, lengths, canaries, sources, trainings, modes, resources, tolerations, teams)
