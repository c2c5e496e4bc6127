"""What is found in the cluster before an `up` touches it."""

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


def refusals(stack: Stack, resources: Sequence[Resource], say: Say) -> list[str]:
    """What an `up` refuses because it would fail or bite; what else is good to know is said."""
    try:
        found = faults(stack, resources)
    except ClusterError as error:
        found = [str(error)]
    comparison = compare(stack, resources)
    for each in comparison.findings:
        if not each.refused:
            say(str(each))
    return [*found, *map(str, comparison.refused)]


def up(stack: Stack, resources: Sequence[Resource], say: Say) -> None:
    """Raises SlipwayError, before anything is touched, for what would fail or bite."""
    if refused := refusals(stack, resources, say):
        raise SlipwayError("\n".join(["nothing was changed:", *refused]))
