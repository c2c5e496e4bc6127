"""The name of a registered model in MLflow, owned by the stack that serves it.

Whoever registers a name first may write all its versions and aliases, and so would provide what the stack runs. The
stack registers the name before anybody else can, and marks it with what only its state can make: the mark of a name
that is there already tells whether the stack has registered it.
"""

import hmac
from dataclasses import dataclass
from typing import Any

from pulumi import Input, ResourceOptions
from pulumi.dynamic import CreateResult, UpdateResult

from components.clients.tracking_server import TrackingServer
from components.dynamic.base import DynamicProvider, DynamicResource
from components.errors import SlipwayError

# What the mark is made with, by its name in the state.
KEY = "registered-names"
TAG = "slipway.owner"


@dataclass(frozen=True, kw_only=True)
class RegisteredNameArgs:
    model: str
    tracking_uri: Input[str]
    username: str
    password: Input[str]
    trust: Input[str] | None
    # What the mark is made with: a secret of the state's.
    key: Input[str]
    # Whether the content of every version that is served is pinned: then it does not matter whose the name is.
    pinned: bool


def mark(key: str, model: dict[str, Any]) -> str:
    """What TAG says of a name that the stack registered; the server alone says when that was."""
    said = f"{model['name']}\0{model['creation_timestamp']}"
    return hmac.new(key.encode(), said.encode(), "sha256").hexdigest()


def own(props: dict[str, Any]) -> None:
    """Register the name, or see that the stack did. Raises SlipwayError for somebody else's."""
    server, name, key = TrackingServer.of(props), props["model"], props["key"]
    server.wait_until_reachable()
    found = server.registered_model(name)
    if found is None:
        made = server.register(name)
        server.tag(name, TAG, mark(key, made))
        return
    said = {each["key"]: each["value"] for each in found.get("tags", ())}.get(TAG, "")
    if props["pinned"] or hmac.compare_digest(said, mark(key, found)):
        return
    raise SlipwayError(
        f"models:/{name} was registered in MLflow by somebody else, who provides what it holds",
        remedy="serve another name, delete this one as MLflow's administrator, or write the `digest` of what shall be "
        "served (`sha256:` and 64 zeros first: the refusal says what it is)",
    )


class RegisteredNameProvider(DynamicProvider):
    passive = ("username", "password", "trust")
    replacing = ("model",)

    def create(self, props: dict[str, Any]) -> CreateResult:
        own(props)
        return CreateResult(props["model"], props)

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        own(_news)
        return UpdateResult(_news)


class RegisteredName(DynamicResource, provider=RegisteredNameProvider, secrets=["password", "key"]):
    """There when the name is the stack's. It stays in MLflow when this goes: its versions are data."""

    def __init__(self, name: str, args: RegisteredNameArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__(name, dict(vars(args)), opts)
