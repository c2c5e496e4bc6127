"""When each resource of a run was worked on, and what it waited for: from Pulumi's event log and the state."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.errors import SlipwayError

_ENDS = ("resOutputsEvent", "resOpFailedEvent")
# Nothing is done for these.
_IDLE = ("same", "read")


@dataclass(frozen=True, kw_only=True)
class Span:
    """One resource's work; seconds since the run's first event. The log tells whole seconds."""

    urn: str
    operation: str
    start: int
    end: int
    # The resources that had to be there first, by URN.
    dependencies: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        return self.urn.rpartition("::")[2]

    @property
    def kind(self) -> str:
        """Such as `Release` of `kubernetes:helm.sh/v3:Release`."""
        token = self.urn.split("::")[-2].rpartition("$")[2]
        return token.rpartition(":")[2].rpartition("/")[2]

    @property
    def seconds(self) -> int:
        return self.end - self.start

    @property
    def deletes(self) -> bool:
        return self.operation.startswith("delete")


def read(log: Path, resources: Iterable[Mapping[str, Any]]) -> list[Span]:
    """The spans of an event log (`--event-log FILE`), in the order of their starts; `resources` is the state.

    Raises SlipwayError when there is no log.
    """
    try:
        lines = log.read_text().splitlines()
    except OSError as error:
        raise SlipwayError(f"{log}: {error.strerror}", remedy="`up` writes it: run that first") from None
    needs = {each["urn"]: _needs(each) for each in resources}
    started: dict[str, tuple[int, str]] = {}
    found: list[Span] = []
    first: int | None = None
    for event in map(json.loads, lines):
        at = int(event["timestamp"])
        first = at if first is None else first
        if "resourcePreEvent" in event:
            step = event["resourcePreEvent"]["metadata"]
            started[step["urn"]] = at, step["op"]
        for name in _ENDS:
            urn = event.get(name, {}).get("metadata", {}).get("urn")
            if urn in started:
                begin, operation = started.pop(urn)
                if operation not in _IDLE:
                    found.append(
                        Span(
                            urn=urn,
                            operation=operation,
                            start=begin - first,
                            end=at - first,
                            dependencies=needs.get(urn, frozenset()),
                        )
                    )
    return sorted(found, key=lambda span: (span.start, span.end))


def _needs(resource: Mapping[str, Any]) -> frozenset[str]:
    provider = str(resource.get("provider") or "").rpartition("::")[0]
    named = [each for many in (resource.get("propertyDependencies") or {}).values() for each in many or ()]
    return frozenset({*(resource.get("dependencies") or ()), *named, *([provider] if provider else [])})


def waited_for(span: Span, spans: Mapping[str, Span]) -> Span | None:
    """Of what a span depends on, the one that ended last; None when nothing of it was worked on in this run.

    What is no longer wanted goes when all else is done.
    """
    if span.deletes:
        done = (each for each in spans.values() if not each.deletes and each.end <= span.start)
        return max(done, key=lambda each: (each.end, each.urn), default=None)
    before = [spans[urn] for urn in span.dependencies if urn in spans and spans[urn].end <= span.end]
    return max(before, key=lambda each: (each.end, each.urn), default=None)


def by_urns(spans: Iterable[Span]) -> dict[str, Span]:
    """Of a resource that was replaced, the new one."""
    return {span.urn: span for span in sorted(spans, key=lambda each: not each.deletes)}


def critical_path(spans: Iterable[Span]) -> list[Span]:
    """The chain that decided how long the run took, first to last: each waited for the one before."""
    every = list(spans)
    by_urn = by_urns(every)
    path: list[Span] = []
    step = max(every, key=lambda each: (each.end, each.start), default=None)
    while step and step not in path:
        path.append(step)
        step = waited_for(step, by_urn)
    return path[::-1]
