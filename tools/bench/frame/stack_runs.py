"""A stack's commands as its user runs them, and what the last `up` waited for."""

import os
from collections.abc import Sequence

from components.clients.process import run as command
from tools.bench.frame.run import Run
from tools.engine import state
from tools.engine.backend import environment
from tools.engine.stack import Stack
from tools.environment import tools_first
from tools.timeline.picture import svg
from tools.timeline.spans import Span, critical_path, read


def ran(verb: str, stack: Stack) -> None:
    """Raises CommandFailed."""
    command(["python", "-m", "tools", verb, stack.name], env=tools_first(), timeout=None)


def shown(run: Run, stack: Stack) -> Sequence[Span]:
    """What the last `up` did; its critical path is said, and all of it is put on the page."""
    spans = read(stack.events, state.resources(stack, environment(stack, stack.content, os.environ)))
    run.picture("timeline", svg(spans, f"{stack.name}: {max(span.end for span in spans)} s"))
    for span in critical_path(spans):
        run.say(f"{span.start:>4} s  +{span.seconds:<4} {span.kind} {span.name}")
    return spans
