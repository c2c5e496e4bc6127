"""What a stack has against what it asks for."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from components.clients.cluster_api import Cluster, ClusterError
from components.settings import parse_settings
from tools.engine.cluster import reachable
from tools.engine.stack import Stack
from tools.upgrades.installed import installed
from tools.upgrades.rules import Finding, Versions, findings
from tools.upgrades.wanted import wanted


@dataclass(frozen=True)
class Comparison:
    have: Versions
    want: Versions
    findings: tuple[Finding, ...]
    # Whether the cluster was asked: without it the state alone is the witness.
    asked: bool

    @property
    def refused(self) -> list[Finding]:
        return [each for each in self.findings if each.refused]

    def __str__(self) -> str:
        lines = [] if self.asked else ["the cluster was not asked: it does not answer, or is not made yet"]
        changes = [
            f"{key}: {self.have[key]} -> {version}"
            for key, version in sorted(self.want.items())
            if key in self.have and self.have[key] != version
        ]
        lines += changes or ["no version changes"]
        return "\n".join([*lines, *map(str, self.findings)])


def compare(stack: Stack, resources: Iterable[Mapping[str, Any]]) -> Comparison:
    """The stack's versions; a cluster that does not answer is left out. Raises SettingsError."""
    want = wanted(parse_settings(stack.values))
    cluster: Cluster | None = None
    kept = list(resources)
    try:
        cluster = reachable(stack)
        have = installed(kept, cluster)
    except ClusterError:
        cluster, have = None, installed(kept, None)
    return Comparison(have, want, tuple(findings(have, want)), asked=cluster is not None)
