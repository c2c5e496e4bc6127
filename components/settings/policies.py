"""What the policies (folder policy/) hold this stack to."""

from typing import Literal

from pydantic import Field

from components.settings.section import Section, Text

PolicyName = Literal[
    "no-latest",
    "image-digests",
    "requests-and-limits",
    "no-privilege",
    "no-root",
    "no-plain-secrets",
    "pinned-models",
    "protected-data",
    "authenticated-endpoints",
]


class PolicyLevel(Section):
    """Another level for one policy, and why."""

    level: Literal["mandatory", "advisory", "off"]
    reason: Text


class Policies(Section):
    """A mandatory policy stops preview and up; an advisory one is only said."""

    production: bool = Field(
        False, description="Hold the stack to all of them: digests, protected data, authentication, no root."
    )
    levels: dict[PolicyName, PolicyLevel] = Field(default_factory=dict)
