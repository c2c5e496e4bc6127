"""What a run of Pulumi's planned, from its event log (`--event-log FILE`), in which secrets are hidden already."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# What is not a change of a resource's own.
_UNCHANGED = ("same", "read", "refresh", "read-discard")
# Steps of a replacement that another step of it tells already.
_PARTS = ("create-replacement", "delete-replaced", "discard-replaced", "remove-pending-replace")


@dataclass(frozen=True)
class Change:
    """One resource's: `operation` is Pulumi's word, `properties` the paths that differ; never their values."""

    operation: str
    type: str
    name: str
    properties: tuple[str, ...] = ()


@dataclass(frozen=True)
class Violation:
    policy: str
    level: str
    message: str


@dataclass
class Plan:
    """All of it. `finished` is False when the run broke off before its summary."""

    changes: list[Change] = field(default_factory=list)
    violations: list[Violation] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    finished: bool = False
    # Operations with how many resources each has.
    counts: dict[str, int] = field(default_factory=dict)


def read(path: Path) -> Plan:
    """The plan in an event log; without a file, one that did not finish."""
    plan = Plan()
    for event in _events(path):
        if "resourcePreEvent" in event:
            _add_change(plan, event["resourcePreEvent"]["metadata"])
        elif "policyEvent" in event:
            said = event["policyEvent"]
            text = str(said["message"]).strip().partition("\n")
            plan.violations.append(Violation(said["policyName"], said["enforcementLevel"], text[2] or text[0]))
        elif "diagnosticEvent" in event and event["diagnosticEvent"].get("severity") == "error":
            plan.errors.append(str(event["diagnosticEvent"]["message"]).strip())
        elif "summaryEvent" in event:
            plan.finished = True
            made = event["summaryEvent"].get("resourceChanges") or {}
            plan.counts = {name: count for name, count in sorted(made.items()) if name not in _UNCHANGED}
    return plan


def _events(path: Path) -> Iterator[Mapping[str, Any]]:
    for line in path.read_text().splitlines() if path.is_file() else ():
        try:
            yield json.loads(line)
        except ValueError:
            # The last line of a run that was killed.
            return


def _add_change(plan: Plan, step: Mapping[str, Any]) -> None:
    operation = str(step["op"])
    if operation in _UNCHANGED or operation in _PARTS:
        return
    type_, _, name = str(step["urn"]).rpartition("::")
    properties = tuple(sorted(step.get("detailedDiff") or step.get("diffs") or ())) if operation != "create" else ()
    plan.changes.append(Change(operation, type_.rpartition("::")[2].rpartition("$")[2], name, properties))
