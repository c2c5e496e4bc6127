"""Finish the destroy of a stack whose controllers are gone."""

from collections.abc import Sequence

from components.clients.cluster_api import Cluster
from components.errors import SlipwayError
from tools.engine import process, protection, state
from tools.engine.cluster import standing
from tools.engine.stack import Stack
from tools.lifecycle import verbs
from tools.teardown import unfinished
from tools.teardown.blocked import blocked
from tools.teardown.dead_webhooks import dead_webhooks
from tools.teardown.finish import free, sweep, unstick
from tools.teardown.inventory import Inventory
from tools.teardown.watch import terminating, watched


def say(line: str) -> None:
    print(line, flush=True)


def finish(stack: Stack, confirmed: bool, extra: Sequence[str]) -> int:
    """Return 0 when nothing is left in the cluster and in the state, but for what is protected."""
    cluster = None if stack.embedded else standing(stack)
    if not cluster:
        raise SlipwayError(f"the cluster of {stack.name} goes with it: make destroy STACK={stack.name}")
    session = verbs.begin(stack, extra, "destroy")
    held = session.known.resources
    inventory = Inventory.going(held, unfinished.read(stack.folder))
    kept = protection.protected(held)
    removal = ["destroy", *session.confirmed, *(["--exclude-protected"] if kept else []), *session.extra]
    if not inventory.objects:
        raise SlipwayError(f"the state of {stack.name} holds nothing, and no destroy of it was left unfinished here")
    show(cluster, inventory)
    if not confirmed and input(f"Remove all of {stack.name}? Write its name: ") != stack.name:
        raise SlipwayError("nothing was removed")
    unfinished.write(stack.folder, inventory)
    free(cluster, dead_webhooks(cluster, inventory), blocked(cluster, inventory), say)
    code = 0
    if held:
        with watched(cluster, inventory, say, lambda: unstick(cluster, inventory, say)):
            code = process.pulumi(removal, session.env)
    left = sweep(cluster, inventory.without(Inventory.of(state.resources(stack, session.env))), say)
    if code:
        # What it could not remove is gone now.
        code = process.pulumi(removal, session.env)
    for each in left:
        say(f"left: {each}")
    if not code and not left:
        unfinished.forget(stack.folder)
        verbs.forget(session)
        say(protection.report(stack, kept) if kept else f"{stack.name} is gone")
    return code or int(bool(left))


def show(cluster: Cluster, inventory: Inventory) -> None:
    """What hinders the destroy, and what of the stack is there."""
    hindered = [*map(str, dead_webhooks(cluster, inventory)), *map(str, blocked(cluster, inventory))]
    for each in [*hindered, *terminating(cluster, inventory)]:
        say(f"hindered: {each}")
    say(f"namespaces: {', '.join(sorted(inventory.namespaces)) or 'none'}")
    say(f"Helm releases: {', '.join(sorted(name for _, name in inventory.releases)) or 'none'}")
