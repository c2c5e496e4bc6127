"""A password generated once and kept, encrypted, in the state.

Stored by reference to this module's and class's names: do not rename them.
"""

import secrets
from typing import Any

from pulumi import Output, ResourceOptions
from pulumi.dynamic import CreateResult, DiffResult, Resource, ResourceProvider


class PasswordProvider(ResourceProvider):
    def create(self, props: dict[str, Any]) -> CreateResult:  # noqa: ARG002
        return CreateResult("password", {"value": secrets.token_urlsafe(24)})

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        return DiffResult(changes=False)


class Password(Resource):
    """192 random bits in the URL-safe alphabet, so that it can stand in a database URL as it is."""

    value: Output[str]

    def __init__(self, name: str, opts: ResourceOptions | None = None) -> None:
        secret = ResourceOptions(additional_secret_outputs=["value"])
        super().__init__(PasswordProvider(), name, {"value": None}, ResourceOptions.merge(opts, secret))
