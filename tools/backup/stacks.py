"""Backup and restore of a stack, whatever it keeps its data in."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from components.clients import private
from components.errors import SlipwayError
from components.settings import parse_settings
from tools.backup import bringing, kept, places, taking
from tools.backup.files import S3, Files
from tools.backup.manifest import Manifest
from tools.backup.owned import own, owned
from tools.backup.places import Places
from tools.backup.without_models import WithoutModels
from tools.embedded.stack import EmbeddedStack
from tools.engine.cluster import reachable
from tools.engine.stack import Stack
from tools.lifecycle import verbs
from tools.lifecycle.verbs import Session

_SERVER = "kubernetes:apps/v1:Deployment::mlflow"


def backup(stack: Stack, to: str | None) -> tuple[str, Manifest]:
    """Write database and artifacts of one moment; return where. Raises SlipwayError."""
    settings = parse_settings(stack.values)
    where = to or kept.new(settings, stack.name, datetime.now(UTC))
    with target(where) as place:
        if stack.embedded:
            local = EmbeddedStack.of(stack.file)
            with places.embedded(local) as found:
                return where, taking.take(stack.name, found, place, settings.object_store.bucket, ())
        session = verbs.begin(stack, (), "backup")
        names = owned(session, settings)
        with _of_cluster(stack) as found:
            return where, taking.take(stack.name, found, place, settings.object_store.bucket, names)


def restore(stack: Stack, where: str, *, beside: bool) -> int:
    """Fill the stack with a backup, and bring it up; return Pulumi's exit code. Raises SlipwayError."""
    source = Files.at(where)
    manifest = bringing.read(source)
    bringing.verify(source, manifest)
    print(f"{where}: {described(manifest)}; every file is as it was written", flush=True)
    if stack.embedded:
        local = EmbeddedStack.of(stack.file)
        local.start_tracking()
        with places.embedded(local) as found:
            bringing.bring(found, source, manifest, beside=beside)
    else:
        session = _with_data(stack)
        with _of_cluster(stack) as found:
            bringing.bring(found, source, manifest, beside=beside)
        own(session, manifest.owned)
    print("restored; now the models", flush=True)
    return verbs.run("up", stack, ())


def described(manifest: Manifest) -> str:
    rows = manifest.facts.rows
    return (
        f"{manifest.stack} of {manifest.made}: {rows.get('runs', 0)} runs, {rows.get('model_versions', 0)} versions of "
        f"{rows.get('registered_models', 0)} registered models, {len(manifest.artifacts)} artifacts, "
        f"{manifest.size / 1e6:.1f} MB"
    )


def _with_data(stack: Stack) -> Session:
    """The stack, with its MLflow: a new one is made without its models first. Raises SlipwayError."""
    session = verbs.begin(stack, (), "up")
    if not any(each["urn"].endswith(_SERVER) for each in session.known.resources):
        print("the stack is new: MLflow and its stores first", flush=True)
        bare = WithoutModels(stack.name)
        if code := verbs.up(verbs.begin(bare, (), "up")):
            raise SlipwayError(f"MLflow and its stores could not be made (exit code {code})")
    return session


@contextlib.contextmanager
def _of_cluster(stack: Stack) -> Iterator[Places]:
    cluster = reachable(stack)
    if not cluster:
        raise SlipwayError(f"the cluster of {stack.name} is not made yet", remedy=f"make up STACK={stack.name}")
    with places.in_cluster(cluster, parse_settings(stack.values)) as found:
        yield found


@contextlib.contextmanager
def target(where: str) -> Iterator[Files]:
    """A place for a new backup: on this machine under another name until it is whole. Raises SlipwayError."""
    if where.startswith(S3):
        target = Files.at(where)
        if target.sizes():
            raise SlipwayError(f"{where} holds something already", remedy="name another folder")
        yield target
        return
    path = Path(where).expanduser()
    if path.exists():
        raise SlipwayError(f"{where} is there already", remedy="name another folder, or remove it")
    partial = path.with_name(f"{path.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    private.folder(partial.absolute())
    try:
        yield Files.here(partial)
        os.replace(partial, path)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
