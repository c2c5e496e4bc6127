"""What every model's image of one server begins with, built while the cluster comes up.

It needs nothing of the stack: a model's own build, once its files are known, finds these layers in the container
engine. Where it has them already, this takes a second.
"""

import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pulumi import ResourceOptions
from pulumi.dynamic import CreateResult, UpdateResult

from components.clients import docker
from components.clients.first_alone import first_alone
from components.dynamic.base import DynamicProvider, DynamicResource
from components.serving import context
from components.serving.bringing import server_digest

# The stage of the Dockerfile that ends with the server's environment.
_STAGE = "server"


@dataclass(frozen=True, kw_only=True)
class ServerLayerArgs:
    # As `components.serving.servers.SERVERS` names it, and the minor version of Python.
    server: str
    python: str
    # The image to begin with.
    base: str
    # The folder with the Dockerfile and what it copies.
    folder: str
    package_index: str | None
    # A file of this machine.
    ca_bundle: str | None
    # None where nobody must log in to pull the base.
    registry_login: docker.Login | None


def arguments(base: str, package_index: str | None) -> dict[str, str]:
    """What the stages up to the server's are told."""
    return {"BASE_IMAGE": base, **({"PIP_INDEX_URL": package_index} if package_index else {})}


def key(server: str, digest: str, base: str, package_index: str | None) -> str:
    """Who builds the same goes one after the other."""
    return json.dumps([server, digest, arguments(base, package_index)])


def build(props: Mapping[str, Any]) -> None:
    """Raises CommandFailed."""
    bundle = Path(props["ca_bundle"]) if props.get("ca_bundle") else None
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        context.write_stage(folder, Path(props["folder"]), props["server"], bundle)
        index = props.get("package_index")
        with first_alone(key(props["server"], props["server_digest"], props["base"], index)):
            # One name for each, so that not more and more of them stay on this machine.
            name = f"slipway-server:{props['server']}-{props['python']}"
            docker.build_stage(name, folder, arguments(props["base"], index), docker.login_of(props), _STAGE)


class ServerLayerProvider(DynamicProvider):
    passive = ("folder", "ca_bundle", "registry_server", "registry_username", "registry_password")

    def create(self, props: dict[str, Any]) -> CreateResult:
        build(props)
        return CreateResult(f"{props['server']}-{props['python']}", props)

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        build(_news)
        return UpdateResult(_news)


class ServerLayer(DynamicResource, provider=ServerLayerProvider, secrets=["registry_password"]):
    """There when this machine's container engine has it."""

    def __init__(self, name: str, args: ServerLayerArgs, opts: ResourceOptions | None = None) -> None:
        given = {key: value for key, value in vars(args).items() if key != "registry_login"}
        given |= docker.inputs(args.registry_login)
        super().__init__(name, {**given, "server_digest": server_digest(Path(args.folder))}, opts)
