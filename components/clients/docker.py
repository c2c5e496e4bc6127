"""The container engine of this machine, by its own command: that knows which engine the user chose, and how."""

import base64
import contextlib
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pulumi import Output

from components.clients import private
from components.clients.process import run

# As docker calls Docker Hub in its file.
HUB = "https://index.docker.io/v1/"


@dataclass(frozen=True, kw_only=True)
class Login:
    """Who pushes to the registry `server`, a host."""

    server: str
    username: str
    password: str


def inputs(login: Login | None) -> dict[str, Any]:
    """Of a resource that logs in; the password is a secret."""
    if not login:
        return {}
    said = {f"registry_{key}": value for key, value in vars(login).items()}
    return {**said, "registry_password": Output.secret(login.password)}


def login_of(props: Mapping[str, Any]) -> Login | None:
    """The login that is among a resource's inputs; None where nobody must log in."""
    if not props.get("registry_server"):
        return None
    return Login(
        server=props["registry_server"], username=props["registry_username"], password=props["registry_password"]
    )


def push_built(name: str, context: Path, arguments: Mapping[str, str], login: Login | None) -> str:
    """Build `name` (with its tag) from the folder, push it, and return `<repository>@sha256:…`. Raises CommandFailed.

    Not by a provider of Pulumi's: pulumi-docker wants the build context whenever the program runs, on every machine;
    a refresh of docker-build fails on a registry without TLS
    (https://github.com/pulumi/pulumi-docker-build/issues/324).
    """
    with _environment(login) as env:
        run(_build(name, context, arguments), env=env, timeout=None)
        run(["docker", "push", "--quiet", name], env=env, timeout=None)
        said = run(["docker", "image", "inspect", "--format", "{{json .RepoDigests}}", name], env=env)
    repository = name.rpartition(":")[0]
    digests: list[str] = json.loads(said)
    return next(each for each in digests if each.partition("@")[0] == repository)


def build_stage(name: str, context: Path, arguments: Mapping[str, str], login: Login | None, stage: str) -> None:
    """Build the Dockerfile up to the end of one stage, whose layers other builds here will find. Raises CommandFailed.

    An engine without BuildKit does the stages one after the other, and copies for no later one.
    """
    with _environment(login) as env:
        run([*_build(name, context, arguments), "--target", stage], env=env, timeout=None)


def _build(name: str, context: Path, arguments: Mapping[str, str]) -> list[str]:
    words = [word for key, value in arguments.items() for word in ("--build-arg", f"{key}={value}")]
    return ["docker", "build", "--quiet", "--tag", name, *words, str(context)]


@contextlib.contextmanager
def _environment(login: Login | None) -> Iterator[dict[str, str]]:
    # What a build says of itself differs from run to run, and with it the image's digest.
    env = {**os.environ, "BUILDX_NO_DEFAULT_ATTESTATIONS": "1"}
    if not login:
        yield env
        return
    with tempfile.TemporaryDirectory() as name:
        _configure(Path(name), login, Path(env.get("DOCKER_CONFIG") or Path.home() / ".docker"))
        yield {**env, "DOCKER_CONFIG": name}


def _configure(folder: Path, login: Login, own: Path) -> None:
    """The user's configuration with one more login, which is not to stay behind on this machine."""
    known = json.loads((own / "config.json").read_text("utf-8")) if (own / "config.json").is_file() else {}
    for each in own.iterdir() if own.is_dir() else ():
        # Its contexts and plugins.
        if each.name != "config.json":
            (folder / each.name).symlink_to(each)
    server = HUB if login.server == "docker.io" else login.server
    pair = base64.b64encode(f"{login.username}:{login.password}".encode()).decode()
    known["auths"] = {**known.get("auths", {}), server: {"auth": pair}}
    # Without a helper of its own the registry would be asked for in the user's store.
    known["credHelpers"] = {**known.get("credHelpers", {}), server: ""}
    private.write(folder / "config.json", json.dumps(known).encode())
