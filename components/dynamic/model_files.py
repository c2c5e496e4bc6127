"""A model version, brought from MLflow or from a folder, and the image that is built of it and pushed."""

import hashlib
import json
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pulumi import Input, Output, ResourceOptions
from pulumi.dynamic import CheckFailure, CheckResult, CreateResult, UpdateResult

from components.clients import docker
from components.clients.first_alone import first_alone
from components.clients.tracking_server import TrackingServer
from components.dynamic import server_layer
from components.dynamic.base import DynamicProvider, DynamicResource
from components.serving import plan as plans
from components.serving.bringing import bring, digest, server_digest
from components.serving.logged_model import LoggedModel
from components.serving.plan import Plan, Wishes
from components.serving.problem import ServingError
from components.settings.model_source import ModelFolder, RegisteredModel, parse_source


@dataclass(frozen=True, kw_only=True)
class Login:
    """A user of the tracking server; the password is a secret."""

    username: str
    password: Input[str]


@dataclass(frozen=True, kw_only=True)
class BuildArgs:
    """How the model's image is built, and where it is pushed."""

    # `<registry>/<name>`: the tag is of its content.
    repository: Input[str]
    # As `components.serving.plan.Wishes` has it.
    wishes: Mapping[str, Any]
    # The image to begin with, by the minor version of Python.
    bases: Mapping[str, str]
    package_index: str | None
    # A file of this machine.
    ca_bundle: str | None
    # None where nobody must log in.
    registry_login: docker.Login | None


@dataclass(frozen=True, kw_only=True)
class ModelFilesArgs:
    # models:/name/version, models:/name@alias or the path of a model folder.
    source: str
    # None for a local folder.
    tracking_uri: Input[str] | None
    # None where nobody must log in.
    login: Login | None
    # The folder with the Dockerfile and what it copies.
    server: str
    # The cluster that MLflow runs on: another one has its own version 1. Its registry is another one too.
    cluster: Input[str]
    # None where the model has an image: its files tell version and example.
    build: BuildArgs | None
    # What its files must be; None takes them as they are.
    pinned: str | None = None
    # Known once the version is registered.
    trained: Input[str] | None = None
    # The authority (PEM) that the tracking server's certificate is signed by; None is what this machine trusts.
    trust: Input[str] | None = None


def tag(content: str, cluster: str) -> str:
    """A tag for a build context's digest on a cluster; pods use the image's digest, this is for people."""
    return f"{content[:12]}-{hashlib.sha256(cluster.encode()).hexdigest()[:6]}"


def make(props: dict[str, Any]) -> dict[str, Any]:
    """The outputs of the model that `props` asks for, whose image is pushed."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "context"
        brought = bring(props, folder)
        made = {**props, **brought, "image": "", "reference": ""}
        if props.get("wishes") is not None:
            plan = Plan.parse(brought["plan"])
            made["image"] = f"{props['repository']}:{tag(brought['digest'], props['cluster'])}"
            with first_alone(*layers(props, plan)):
                made["reference"] = docker.push_built(
                    made["image"], folder, build_args(props, plan), docker.login_of(props)
                )
    return made


def layers(props: Mapping[str, Any], plan: Plan) -> tuple[str, ...]:
    """What tells an image's server, and its server and environment at a registry, from others'."""
    registry, arguments = str(props["repository"]).partition("/")[0], build_args(props, plan)
    pushed = [registry, props["server_digest"], arguments]
    return (
        server_layer.key(plan.server, props["server_digest"], props["bases"][plan.python], props.get("package_index")),
        *(json.dumps(each, sort_keys=True) for each in (pushed, [*pushed, plan.lock])),
    )


def build_args(props: Mapping[str, Any], plan: Plan) -> dict[str, str]:
    base = server_layer.arguments(props["bases"][plan.python], props.get("package_index"))
    return {**base, **plans.build_args(plan)}


def resolved(props: Mapping[str, Any], before: str | None) -> str | None:
    """The version that an alias stands for now; `before`, the one at the last `up`, while nobody can say.

    None for what is no alias, or not known yet. Raises LookupError for an alias that is gone.
    """
    source = parse_source(props["source"])
    # What is not a text is not known yet.
    known = all(isinstance(props.get(key), str | None) for key in ("tracking_uri", "username", "password", "trust"))
    if not isinstance(source, RegisteredModel) or not source.alias:
        return None
    if not known or not props.get("tracking_uri"):
        return before
    try:
        return TrackingServer.of(props).version_of(source)
    except LookupError:
        if before is None:
            # It is trained first.
            return None
        raise
    except OSError as error:
        if before is not None:
            where = f"MLflow does not answer at {props['tracking_uri']} ({error})"
            print(f"{props['source']}: {where}: version {before} stays", file=sys.stderr)
        return before


class ModelFilesProvider(DynamicProvider):
    passive = (
        *("username", "password", "trust", "server", "ca_bundle"),
        *("registry_server", "registry_username", "registry_password"),
    )

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Add the version that an alias stands for; refuse a model folder whose image cannot be built.

        Both before anything is made, and where the network may be asked: a diff compares what is found here.
        """
        source = news.get("source")
        if not isinstance(source, str):
            return CheckResult(news, [])
        try:
            version = resolved(news, _olds.get("resolved"))
            if news.get("wishes") is not None and isinstance(parse_source(source), ModelFolder):
                with tempfile.TemporaryDirectory() as scratch:
                    plans.resolved(LoggedModel(Path(source)), Wishes(**news["wishes"]), Path(scratch) / "requirements")
        except (ServingError, LookupError) as error:
            return CheckResult(news, [CheckFailure("source", f"{source}: {error}")])
        return CheckResult({**news, "resolved": version} if version else news, [])

    def changed(self, olds: Mapping[str, Any], news: Mapping[str, Any]) -> list[str]:
        """Of the images to begin with, only the one of the model's Python counts; an unknown version is no other."""
        python = Plan.parse(olds["plan"]).python if olds.get("plan") else None
        same = {
            "bases": python and (olds.get("bases") or {}).get(python) == (news.get("bases") or {}).get(python),
            "resolved": not news.get("resolved") or news["resolved"] == olds.get("version"),
        }
        return [key for key in super().changed(olds, news) if not same.get(key)]

    def create(self, props: dict[str, Any]) -> CreateResult:
        return CreateResult(props["source"], make(props))

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        return UpdateResult(make({**_news, "plan": _olds.get("plan")}))


class ModelFiles(DynamicResource, provider=ModelFilesProvider, secrets=["password", "registry_password"]):
    """`version` is the registered version, `example` the model's own, as JSON or null."""

    version: Output[str]
    example: Output[str]
    # Of the build context, and `sha256:…` of the model's own files.
    digest: Output[str]
    content: Output[str]
    # A `components.serving.plan.Plan` as JSON.
    plan: Output[str]
    # The image as it was pushed, `<repository>:<tag>` and `<repository>@sha256:…`; "" without a build.
    image: Output[str]
    reference: Output[str]

    def __init__(self, name: str, args: ModelFilesArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__(name, inputs(args), opts)


def inputs(args: ModelFilesArgs) -> dict[str, Input[Any] | None]:
    """What the state knows of them: content by its digest, and no file of this machine's but by a relative path."""
    given = {key: value for key, value in vars(args).items() if key not in ("login", "build")}
    given |= vars(args.login) if args.login else {}
    given["server_digest"] = server_digest(Path(args.server))
    source = parse_source(args.source)
    if isinstance(source, ModelFolder):
        given["source_digest"] = digest(source.path)
    if args.build:
        given |= {key: value for key, value in vars(args.build).items() if key != "registry_login"}
        given |= docker.inputs(args.build.registry_login)
    return given
