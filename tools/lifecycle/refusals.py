"""What an `up` refuses: a preview tells it below its plan, and fails as well."""

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from components.errors import SlipwayError
from tools.engine import plan, protection, state
from tools.engine.stack import Stack
from tools.lifecycle import vanished
from tools.parts import preflight

_EVENTS = "--event-log"


@contextlib.contextmanager
def _told(refused: list[str]) -> Iterator[None]:
    """Note what stops, in place of stopping."""
    try:
        yield
    except SlipwayError as error:
        refused.append(str(error))


def before_the_plan(
    stack: Stack, known: state.Known, env: Mapping[str, str], confirm: str | None, say: Callable[[str], None]
) -> list[str]:
    """What stops an `up` before it plans; what else it would say is said."""
    refused: list[str] = []
    with _told(refused):
        protection.require_word(stack, known.resources, confirm, "up")
    if not stack.embedded:
        refused += preflight.refusals(stack, known.resources, lambda line: say(f"`up` would say: {line}"))
        if gone := vanished.of(stack, known, env):
            refused.append(str(vanished.refusal(stack.name, gone)))
    return refused


def of_the_plan(stack: Stack, events: Path, confirm: str | None) -> list[str]:
    """What stops an `up` once it has planned; `events` is the preview's log."""
    refused: list[str] = []
    with _told(refused):
        plan.require_word(stack, plan.of_events(events), confirm)
    return refused


def event_log(stack: Stack, extra: Sequence[str]) -> tuple[Path, list[str]]:
    """Where a preview's events go, the user's own file or else one of the stack's, and Pulumi's options for that."""
    words = [part for each in extra for part in (each.split("=", 1) if each.startswith("--") else [each])]
    if _EVENTS in words[:-1]:
        return Path(words[words.index(_EVENTS) + 1]), []
    own = stack.events.with_name("preview-events.json")
    own.unlink(missing_ok=True)
    return own, [_EVENTS, str(own)]
