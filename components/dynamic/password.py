"""A password made by chance and kept, encrypted, in the state."""

import secrets
from typing import Any

from pulumi import Output, ResourceOptions
from pulumi.dynamic import CreateResult, UpdateResult

from components.dynamic.base import DynamicProvider, DynamicResource


class PasswordProvider(DynamicProvider):
    def create(self, props: dict[str, Any]) -> CreateResult:
        return CreateResult("password", {**props, "value": secrets.token_urlsafe(24), "previous": ""})

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        return UpdateResult({**_news, "value": secrets.token_urlsafe(24), "previous": _olds["value"]})


class Password(DynamicResource, provider=PasswordProvider, secrets=["value", "previous"]):
    """192 random bits in the URL-safe alphabet, so that it can stand in a database URL as it is.

    `previous` is the one before, with which whoever knows it only by that can be told the new one; "" at first.
    """

    value: Output[str]
    previous: Output[str]

    def __init__(self, name: str, opts: ResourceOptions | None = None, *, generation: int = 0) -> None:
        """Another `generation` is another password."""
        super().__init__(name, {"generation": generation}, opts)
