"""The credentials of a private registry: a Secret in each namespace, which its accounts name for the nodes."""

import base64
import json

import pulumi_kubernetes as k8s
from pulumi import Input, Output, ResourceOptions

from components import settings as s
from components.settings.images import qualified

NAME = "registry"


def of_models(settings: s.Settings) -> s.Registry | None:
    """The registry of the models' images, where it asks who pulls."""
    registry = settings.registry
    return registry if registry and registry.username and registry.password else None


def of_images(settings: s.Settings) -> s.Registry | None:
    """The same, where the mirror that every other image comes from is on it."""
    registry, mirror = of_models(settings), settings.image_mirror
    return registry if registry and mirror and host(mirror) == host(registry.address) else None


def host(address: str) -> str:
    """`host[:port]` of an address in a registry."""
    return qualified(f"{address}/image").partition("/")[0]


def content(registry: s.Registry) -> str:
    """What Docker's configuration says of the registry (https://kubernetes.io/docs/concepts/containers/images/)."""
    password = registry.password.get_secret_value() if registry.password else ""
    login = base64.b64encode(f"{registry.username}:{password}".encode()).decode()
    entry = {"username": registry.username, "password": password, "auth": login}
    return json.dumps({"auths": {host(registry.address): entry}})


def declare(namespace: str, registry: s.Registry, known: Input[str], opts: ResourceOptions) -> Output[str]:
    """Declare the Secret in `namespace`, which is there when `known` is, and return its name."""
    return k8s.core.v1.Secret(
        f"{namespace}-{NAME}",
        metadata={"name": NAME, "namespace": known},
        type="kubernetes.io/dockerconfigjson",
        string_data={".dockerconfigjson": Output.secret(content(registry))},
        opts=opts,
    ).metadata["name"]
