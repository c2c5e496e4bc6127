"""A destroy that says beforehand what would hang, meanwhile what it waits for, and afterwards what is left."""

import contextlib
from collections.abc import Callable, Sequence

from components.clients.cluster_api import Cluster, ClusterError
from components.errors import SlipwayError
from tools.engine.cluster import standing
from tools.engine.stack import Stack
from tools.teardown import unfinished
from tools.teardown.blocked import blocked
from tools.teardown.dependents import dependents
from tools.teardown.finish import settled
from tools.teardown.inventory import Inventory, Resource
from tools.teardown.watch import reasons, watched

Say = Callable[[str], None]


def destroy(
    stack: Stack,
    run: Callable[[], int],
    state: Callable[[], Sequence[Resource]],
    say: Say,
    half_made: Sequence[Resource] = (),
) -> int:
    """`run` Pulumi's destroy; `state` is what the state holds, `half_made` what may be there beside it.

    Raises SlipwayError before anything is removed.
    """
    inventory = Inventory.going([*state(), *half_made], unfinished.read(stack.folder))
    try:
        cluster = standing(stack)
        if cluster:
            _refuse(stack, cluster, inventory)
    except ClusterError as error:
        raise SlipwayError(str(error)) from None
    if not cluster:
        return run()
    unfinished.write(stack.folder, inventory)
    with watched(cluster, inventory, say):
        code = run()
    return _failed(stack, cluster, inventory, code, say) if code else _ended(stack, cluster, inventory, state(), say)


def _refuse(stack: Stack, cluster: Cluster, inventory: Inventory) -> None:
    if found := blocked(cluster, inventory):
        lines = [f"the destroy would hang, and nothing was removed yet. What would not go in {stack.name}:"]
        lines += [f"  {each}" for each in found]
        lines += [
            "Start the controller again and repeat the command, or have the finalizers removed for it: "
            f"make teardown STACK={stack.name}"
        ]
        raise SlipwayError("\n".join(lines))
    if others := dependents(cluster, inventory):
        shown = ", ".join(others[:5]) + (f" and {len(others) - 5} more" if len(others) > 5 else "")
        raise SlipwayError(
            f"nothing was removed: {stack.name} installed the kinds of these objects, which are not its own and would "
            f"be deleted with them: {shown}. Remove them first, or leave the cluster's platform as it is"
        )


def _failed(stack: Stack, cluster: Cluster, inventory: Inventory, code: int, say: Say) -> int:
    # The cluster's silence may be the very reason of the failure, and Pulumi said so.
    with contextlib.suppress(ClusterError):
        for reason in reasons(cluster, inventory):
            say(f"still there: {reason}")
    say(
        f"the destroy did not end; the same command goes on, and this one finishes it: make teardown STACK={stack.name}"
    )
    return code


def _ended(stack: Stack, cluster: Cluster, inventory: Inventory, kept: Sequence[Resource], say: Say) -> int:
    try:
        left = settled(cluster, inventory.without(Inventory.of(kept)))
    except ClusterError as error:
        say(f"destroyed, but what is left on the cluster could not be asked: {error}")
        return 1
    for each in left:
        say(f"left: {each}")
    if [each for each in left if not each.stays]:
        say(f"to remove it: make teardown STACK={stack.name}")
        return 1
    unfinished.forget(stack.folder)
    return 0
