"""From nothing to the first right answer, once more, and to nothing again.

A stack that is not there is made (`up` ends when every model gave the right answer through the gateway), brought up a
second time, and destroyed. "One after another" is the same work in one row: the sum of what each resource took in that
very run. The second `up` stands beside an empty program's; the destroy of a kind stack beside `kind delete` of a
cluster that has nothing on it.

The picture shows what the last run waited for; `make timeline` draws it for any `up`.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from components.clients.process import run as command
from components.errors import SlipwayError
from components.settings import parse_settings
from tools.bench.frame.pulumi import EMPTY, Project
from tools.bench.frame.row import Row
from tools.bench.frame.run import Run, Timed, rows_of, timed
from tools.bench.frame.stack_runs import ran, shown
from tools.engine import state
from tools.engine.backend import environment
from tools.engine.stack import Stack
from tools.environment import tools_first

NEEDS_STACK = True
# It begins with nothing, and destroys what it made: nobody asks for that by asking for all.
ONLY_BY_NAME = True

_FROM_NOTHING, _SECOND, _DESTROY = "from nothing to the first right answer", "second up", "destroy"
_CLUSTER = "slipway-bench"


def rows(run: Run) -> Iterator[Row]:
    stack = Stack(run.needed_stack())
    _refuse_what_is_there(stack)
    empty = Project.of(run.scratch / "empty", EMPTY)
    empty.up()
    slipway: dict[str, list[Timed]] = {_FROM_NOTHING: [], _SECOND: [], _DESTROY: []}
    beside: dict[str, list[Timed]] = {_SECOND: [], _DESTROY: []}
    serial: list[float] = []
    for number in range(run.repeats):
        run.say(f"round {number + 1} of {run.repeats}")
        slipway[_FROM_NOTHING].append(timed(lambda: ran("up", stack)))
        serial.append(sum(span.seconds for span in shown(run, stack)))
        slipway[_SECOND].append(timed(lambda: ran("up", stack)))
        beside[_SECOND].append(timed(empty.up))
        slipway[_DESTROY].append(timed(lambda: ran("destroy", stack)))
        if kind := parse_settings(stack.values).cluster.kind:
            beside[_DESTROY].append(_kind_deleted(kind.node_image or _node_image(stack), run.scratch))
    yield from rows_of(_FROM_NOTHING, {"Slipway": slipway[_FROM_NOTHING]})
    yield Row(what=_FROM_NOTHING, way="one after another", values=serial)
    yield from rows_of(_SECOND, {"`make up`": slipway[_SECOND], "`pulumi up` of an empty program": beside[_SECOND]})
    ways = {"`make destroy`": slipway[_DESTROY], "`kind delete` of an empty cluster": beside[_DESTROY]}
    yield from rows_of(_DESTROY, {way: times for way, times in ways.items() if times})


def _refuse_what_is_there(stack: Stack) -> None:
    """Raises SlipwayError for a stack that holds something: it would be destroyed."""
    env = environment(stack, stack.content, os.environ)
    if state.made(stack, env) and state.resources(stack, env):
        raise SlipwayError(
            f"{stack.name} is there, and this benchmark begins with nothing and ends with it",
            remedy=f"make destroy STACK={stack.name}, or name another stack",
        )


def _node_image(stack: Stack) -> str:
    return parse_settings(stack.values).image_references["kind-node"]


def _kind_deleted(node_image: str, folder: Path) -> Timed:
    """How long `kind delete` takes for a cluster that has nothing on it."""
    away = ["--kubeconfig", str(folder / "kubeconfig")]
    command(
        ["kind", "create", "cluster", "--name", _CLUSTER, "--image", node_image, *away], env=tools_first(), timeout=None
    )
    delete = ["kind", "delete", "cluster", "--name", _CLUSTER, *away]
    return timed(lambda: command(delete, env=tools_first(), timeout=None))
