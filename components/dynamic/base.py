"""What all dynamic resources share: a type of their own, one diff, and how the state refers to their code.

The engine stores a provider as a reference to its class (`components.dynamic.password.PasswordProvider`), and the
plugin imports it by that name to update, refresh or delete what a state holds. So the checkout's own code runs, whoever
made the state; and while a stack exists, neither the module nor the class of its providers is renamed.
"""

import inspect
from collections.abc import Collection, Mapping
from typing import Any, ClassVar

from pulumi import Input, ResourceOptions
from pulumi.dynamic import DiffResult, Resource, ResourceProvider

_MODULE = "slipway"
_PROVIDER = "__provider"


class DynamicProvider(ResourceProvider):
    """How one type of dynamic resource is made."""

    # It is a reference to its class, and an encrypted one in every resource of every state is work for nothing.
    serialize_as_secret_always = False
    # Inputs that say how something is done or explained, not what it is.
    passive: ClassVar[Collection[str]] = ()
    # Inputs whose change makes another resource; any other's updates it.
    replacing: ClassVar[Collection[str]] = ()
    # What `create` adds to the inputs: the annotations of the resource.
    outputs: ClassVar[Collection[str]] = ()

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Compare the inputs with the state, and nothing else: every machine comes to the same answer."""
        changed = self.changed(_olds, _news)
        return DiffResult(
            changes=bool(changed),
            replaces=[key for key in changed if key in self.replacing],
            delete_before_replace=True,
        )

    def changed(self, olds: Mapping[str, Any], news: Mapping[str, Any]) -> list[str]:
        """The inputs that differ. The engine leaves out what is None."""
        inputs = (olds.keys() | news.keys()) - {_PROVIDER, *self.outputs, *self.passive}
        return sorted(key for key in inputs if olds.get(key) != news.get(key))


class DynamicResource(Resource):
    """A resource that this program's own code makes; a subclass annotates its outputs and names its provider."""

    # What the state calls it.
    token: ClassVar[str]
    implementation: ClassVar[type[DynamicProvider]]
    secrets: ClassVar[tuple[str, ...]]

    def __init_subclass__(cls, *, provider: type[DynamicProvider], secrets: Collection[str] = ()) -> None:
        super().__init_subclass__(module=_MODULE, name=cls.__name__)
        cls.token = f"pulumi-python:dynamic/{_MODULE}:{cls.__name__}"
        cls.implementation, cls.secrets = provider, tuple(secrets)
        provider.outputs = tuple(inspect.get_annotations(cls))

    def __init__(self, name: str, inputs: Mapping[str, Input[Any] | None], opts: ResourceOptions | None = None) -> None:
        secret = ResourceOptions(additional_secret_outputs=list(self.secrets))
        props = {**dict.fromkeys(self.implementation.outputs), **inputs}
        super().__init__(self.implementation(), name, props, ResourceOptions.merge(opts, secret))
