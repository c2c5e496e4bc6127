"""What an interrupted run could leave on a machine and in a state."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

from components.clients.process import run
from tools.engine import state, strays
from tools.engine.backend import own_backend
from tools.engine.stack import Stack
from tools.environment import tools_first


def of_a_run(root: Path) -> Iterator[str]:
    """What is there while no command of the checkout runs, and should not be."""
    folder = root.absolute() / ".slipway"
    for scratch in (folder / "tmp").glob("*"):
        yield f"the folder {scratch}"
        yield from (f"the process {each.name()} ({each.pid})" for each in strays.of(scratch) if strays.lives(each))
    yield from (f"the lock {file}" for file in (folder / "state" / ".pulumi" / "locks").rglob("*.json"))
    # As `components.clients.private` names what it has not renamed yet.
    yield from (f"the half-written {file}" for file in folder.rglob(".*.????????") if file.is_file())


def of_a_state(stack: Stack) -> Iterator[str]:
    """What a whole `up` or `destroy` does not leave. Raises SlipwayError for a state that cannot be read."""
    known = state.read(stack, environment())
    yield from (f"the pending operation {each['type']} {each['resource']['urn']}" for each in known.pending)


def environment() -> dict[str, str]:
    """Of the checkout's own state."""
    file = Path(".slipway/passphrase").absolute()
    return tools_first() | {"PULUMI_BACKEND_URL": own_backend(), "PULUMI_CONFIG_PASSPHRASE_FILE": str(file)}


def of_a_kind_cluster(name: str) -> Iterator[str]:
    """What a kind cluster that is gone may leave; another's, whose name begins with its name, is none of it."""
    for what, command in (
        ("container", ["docker", "ps", "--all", "--format", "{{.Names}}"]),
        ("network", ["docker", "network", "ls", "--format", "{{.Name}}"]),
    ):
        own = re.compile(rf"{re.escape(name)}(-(registry|control-plane|worker)\d*)?")
        yield from (f"the {what} {each}" for each in run(command).split() if own.fullmatch(each))


def of_a_cluster(kubeconfig: Path, namespaces: set[str]) -> Iterator[str]:
    """The namespaces of the stack that are still in a cluster that stays."""
    asked = ["kubectl", f"--kubeconfig={kubeconfig}", "get", "namespaces", "--output=json"]
    found = {each["metadata"]["name"] for each in json.loads(run(asked, env=tools_first()))["items"]}
    yield from (f"the namespace {each}" for each in sorted(found & namespaces))
