"""A model version, brought from MLflow into the folder that its image is built from."""

import hashlib
import shutil
import socket
import tempfile
import urllib.parse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pulumi import Input, Output, ResourceOptions
from pulumi.dynamic import CheckFailure, CheckResult, CreateResult, DiffResult, UpdateResult

from components.clients import private
from components.clients.tracking_server import TrackingServer
from components.dynamic.base import DynamicProvider, DynamicResource
from components.errors import SlipwayError
from components.serving import context
from components.serving import plan as plans
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
class ModelFilesArgs:
    # models:/name/version, models:/name@alias or the path of a model folder.
    source: str
    # None for a local folder.
    tracking_uri: Input[str] | None
    # None where nobody must log in.
    login: Login | None
    # The folder with the Dockerfile and what it copies.
    server: str
    ca_bundle: str | None
    # The cluster that MLflow runs on: another one has its own version 1.
    cluster: Input[str]
    # The build context, relative to the project; it is written anew whenever something changed.
    folder: str
    # What the settings say of its image, as `components.serving.plan.Wishes` has it; None where none is built.
    wishes: Mapping[str, Any] | None = None
    # What its files must be; None takes them as they are.
    pinned: str | None = None
    # Known once the version is registered.
    trained: Input[str] | None = None
    # The authority (PEM) that the tracking server's certificate is signed by; None is what this machine trusts.
    trust: Input[str] | None = None


def digest(folder: Path) -> str:
    """A hash of every file's path and content."""
    total = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        total.update(f"{path.relative_to(folder)}\0{path.stat().st_size}\0".encode())
        total.update(path.read_bytes())
    return total.hexdigest()


def fetch(props: dict[str, Any]) -> dict[str, Any]:
    """Write the context of the model that `props` asks for and return the resource's outputs."""
    folder = Path(props["folder"])
    shutil.rmtree(folder, ignore_errors=True)
    private.folder(folder)
    source = parse_source(props["source"])
    if isinstance(source, ModelFolder):
        model, version = source.path, "local"
    else:
        server = TrackingServer.of(props)
        server.wait_until_reachable()
        version = server.version_of(source)
        model = server.download(source.name, version, folder / "model", _authority(folder))
    content = f"sha256:{digest(model)}"
    if props.get("pinned") not in (None, content):
        shutil.rmtree(folder)
        raise SlipwayError(
            f"{props['source']} is another model than the stack's `digest` says: {props['pinned']} is wanted, version "
            f"{version} is {content}",
            remedy="find out who registered it; if it is what shall be served, write that digest",
        )
    described = _context(props, model, folder)
    return {**props, "version": version, **described, "digest": digest(folder), "content": content}


def _context(props: dict[str, Any], model: Path, folder: Path) -> dict[str, Any]:
    """Write what the image is built from; without wishes there is none to build."""
    server = Path(props["server"])
    if props.get("wishes") is None:
        return context.unbuilt(model, folder, server)
    bundle = Path(props["ca_bundle"]) if props.get("ca_bundle") else None
    before = Plan.parse(props["plan"]) if props.get("plan") else None
    return context.write(model, folder, server, bundle, Wishes(**props["wishes"]), before)


def _authority(folder: Path) -> Path:
    """Beside the build context: what is in it goes into the image."""
    return folder.with_name(f"{folder.name}.ca.crt")


def _bring_back(olds: dict[str, Any]) -> None:
    """Get the files of the last `up` again, where the server answers: a fresh checkout is no change of the model."""
    uri = olds.get("tracking_uri")
    if not uri or not _listens(uri):
        return
    try:
        fetch(olds)
    except (OSError, LookupError):
        shutil.rmtree(olds["folder"], ignore_errors=True)


def _listens(uri: str) -> bool:
    """Whether something is at the URL now; a preview does not wait for it to come up."""
    at = urllib.parse.urlsplit(uri)
    try:
        with socket.create_connection((at.hostname or "", at.port or (443 if at.scheme == "https" else 80)), timeout=3):
            return True
    except OSError:
        return False


def _changes(olds: dict[str, Any], news: dict[str, Any]) -> Iterator[str]:
    folder = Path(str(news["folder"]))
    if not folder.is_dir() or digest(folder) != olds.get("digest"):
        yield "digest"
    server = Path(str(news["server"]))
    if any(_bytes(server / path) != _bytes(folder / path) for path in context.server_files(server)):
        yield "server"
    source = parse_source(str(news["source"]))
    if isinstance(source, RegisteredModel) and source.alias:
        # What is not a text is not known yet.
        known = all(isinstance(news.get(key), str | None) for key in ("tracking_uri", "username", "password", "trust"))
        if known and TrackingServer.of(news).version_of(source) != olds.get("version"):
            yield "version"
    if isinstance(source, ModelFolder) and digest(source.path) != digest(folder / "model"):
        yield "source"


def _bytes(path: Path) -> bytes:
    return path.read_bytes() if path.is_file() else b""


class ModelFilesProvider(DynamicProvider):
    passive = ("username", "password", "trust")

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Refuse a model folder whose image cannot be built, before anything is made."""
        source = news.get("source")
        if news.get("wishes") is None or not isinstance(source, str) or source.startswith("models:"):
            return CheckResult(news, [])
        try:
            with tempfile.TemporaryDirectory() as scratch:
                plans.resolved(LoggedModel(Path(source)), Wishes(**news["wishes"]), Path(scratch) / "requirements")
        except ServingError as error:
            return CheckResult(news, [CheckFailure("source", f"{source}: {error}")])
        return CheckResult(news, [])

    def create(self, props: dict[str, Any]) -> CreateResult:
        return CreateResult(props["folder"], fetch(props))

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        return UpdateResult(fetch({**_news, "plan": _olds.get("plan")}))

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        if not Path(_olds["folder"]).is_dir():
            _bring_back(_olds)
        return DiffResult(changes=bool(self.changed(_olds, _news)) or any(_changes(_olds, _news)))

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        shutil.rmtree(_props["folder"], ignore_errors=True)
        _authority(Path(_props["folder"])).unlink(missing_ok=True)


class ModelFiles(DynamicResource, provider=ModelFilesProvider, secrets=["password"]):
    """`folder` is the build context, `version` the registered version, `example` the model's own, as JSON or null."""

    folder: Output[str]
    version: Output[str]
    example: Output[str]
    # Of the build context, and `sha256:…` of the model's own files.
    digest: Output[str]
    content: Output[str]
    # A `components.serving.plan.Plan` as JSON.
    plan: Output[str]

    def __init__(self, name: str, args: ModelFilesArgs, opts: ResourceOptions | None = None) -> None:
        given = {key: value for key, value in vars(args).items() if key != "login"}
        login = vars(args.login) if args.login else {}
        super().__init__(name, {**given, **login}, opts)
