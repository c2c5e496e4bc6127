"""What is found in the cluster before an `up` touches it."""

import contextlib
from collections.abc import Callable, Sequence

from components.clients.cluster_api import ClusterError
from components.errors import SlipwayError
from components.settings import parse_settings
from tools.engine.cluster import standing
from tools.engine.stack import Stack
from tools.parts import conflicts, existing
from tools.parts.workloads import Observed
from tools.teardown import unfinished
from tools.teardown.inventory import Inventory, Resource
from tools.upgrades.comparison import compare

Say = Callable[[str], None]


def faults(stack: Stack, resources: Sequence[Resource]) -> list[str]:
    """What keeps the stack from the cluster as it is; [] for a cluster of its own. Raises ClusterError."""
    cluster = standing(stack)
    if not cluster:
        return []
    settings, observed = parse_settings(stack.values), Observed(cluster)
    # What a destroy has left is the stack's too.
    ours = Inventory.of(resources).and_(unfinished.read(stack.folder))
    problems = [*existing.check(settings, observed), *conflicts.check(settings, observed, ours)]
    return [f"{stack.file}: {problem}" for problem in problems]


def up(stack: Stack, resources: Sequence[Resource], say: Say) -> None:
    """Say what is good to know. Raises SlipwayError, before anything is touched, for what would fail or bite."""
    try:
        found = faults(stack, resources)
    except ClusterError as error:
        raise SlipwayError(str(error)) from None
    comparison = compare(stack, resources)
    for each in comparison.findings:
        if not each.refused:
            say(str(each))
    if refused := [*found, *map(str, comparison.refused)]:
        raise SlipwayError("\n".join(["nothing was changed:", *refused]))


def preview(stack: Stack, resources: Sequence[Resource], say: Say) -> None:
    """Say what an `up` would say; without a cluster, only what the state can tell."""
    with contextlib.suppress(ClusterError):
        for fault in faults(stack, resources):
            say(f"up would refuse: {fault}")
    for finding in compare(stack, resources).findings:
        say(f"up would say: {finding}")
