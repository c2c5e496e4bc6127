"""Every policy, and how strictly it is held: in production, and elsewhere."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from policy.resource import Resource
from policy.rules import data, endpoints, images, limits, pins, plain_secrets, privilege

Level = Literal["mandatory", "advisory", "off"]


@dataclass(frozen=True, kw_only=True)
class ResourcePolicy:
    """A rule that needs one resource at a time; it stops `up` before that resource is made."""

    name: str
    description: str
    check: Callable[[Resource], Iterator[str]]
    production: Level = "mandatory"
    elsewhere: Level = "mandatory"


@dataclass(frozen=True, kw_only=True)
class StackPolicy:
    """A rule that needs all of them; it stops a preview, and speaks at the end of an `up`."""

    name: str
    description: str
    check: Callable[[Sequence[Resource]], Iterator[tuple[Resource, str]]]
    production: Level = "mandatory"
    elsewhere: Level = "mandatory"


Policy = ResourcePolicy | StackPolicy

POLICIES: tuple[Policy, ...] = (
    ResourcePolicy(
        name="no-latest",
        description="Images and charts have a version.",
        check=images.no_latest,
    ),
    ResourcePolicy(
        name="image-digests",
        description="Images are named by their digest.",
        check=images.digests,
        elsewhere="off",
    ),
    ResourcePolicy(
        name="requests-and-limits",
        description="Containers say what they need and how much memory they may take.",
        check=limits.requests_and_limits,
    ),
    ResourcePolicy(
        name="no-privilege",
        description="Nothing is privileged.",
        check=privilege.no_privilege,
    ),
    ResourcePolicy(
        name="no-root",
        description="Containers run as a user that is not root.",
        check=privilege.no_root,
        elsewhere="advisory",
    ),
    ResourcePolicy(
        name="no-plain-secrets",
        description="Secrets stand in Secrets only.",
        check=plain_secrets.no_plain_secrets,
    ),
    ResourcePolicy(
        name="pinned-models",
        description="Registered models are named by what they hold.",
        check=pins.pinned_models,
        # A version that is trained by the stack is known after its first `up`.
        production="advisory",
        elsewhere="off",
    ),
    ResourcePolicy(
        name="protected-data",
        description="A destroy keeps databases and volumes.",
        check=data.protected_data,
        elsewhere="off",
    ),
    StackPolicy(
        name="authenticated-endpoints",
        description="Public endpoints ask who is there.",
        check=endpoints.authenticated_endpoints,
        elsewhere="off",
    ),
)


def levels(production: bool, chosen: Mapping[Any, Level]) -> dict[str, Level]:
    """The level of every policy: the stack's own choice, else the default of its sort."""
    return {each.name: chosen.get(each.name, each.production if production else each.elsewhere) for each in POLICIES}
