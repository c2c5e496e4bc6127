"""A password generated once and kept, encrypted, in the state."""

import secrets
from typing import Any

from pulumi import Output, ResourceOptions
from pulumi.dynamic import CreateResult

from components.dynamic.base import DynamicProvider, DynamicResource


class PasswordProvider(DynamicProvider):
    def create(self, props: dict[str, Any]) -> CreateResult:  # noqa: ARG002
        return CreateResult("password", {"value": secrets.token_urlsafe(24)})


class Password(DynamicResource, provider=PasswordProvider, secrets=["value"]):
    """192 random bits in the URL-safe alphabet, so that it can stand in a database URL as it is."""

    value: Output[str]

    def __init__(self, name: str, opts: ResourceOptions | None = None) -> None:
        super().__init__(name, {}, opts)
