"""Slipway's policies as Pulumi runs them: `pulumi preview --policy-pack policy`; `make` does it by itself.

Pulumi runs this folder alone, from a working folder of its own.
"""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import pulumi_policy as pp
from pulumi_policy.proxy import UnknownValueError

from policy.pack import POLICIES, Level, Policy, StackPolicy
from policy.resource import UNKNOWN, Resource

_LEVELS: dict[Level, pp.EnforcementLevel] = {
    "mandatory": pp.EnforcementLevel.MANDATORY,
    "advisory": pp.EnforcementLevel.ADVISORY,
    "off": pp.EnforcementLevel.DISABLED,
}


def plain(value: Any) -> Any:
    """The library's view of the inputs, which raises on what is not known yet, as plain data."""
    if isinstance(value, Mapping):
        return {key: _item(value, key) for key in value}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_item(value, index) for index in range(len(value))]
    return value


def _item(holder: Any, key: Any) -> Any:
    try:
        return plain(holder[key])
    except UnknownValueError:
        return UNKNOWN


def resource(seen: pp.ResourceValidationArgs | pp.PolicyResource) -> Resource:
    return Resource(
        type=seen.resource_type, name=seen.name, inputs=plain(seen.props), protect=bool(seen.opts and seen.opts.protect)
    )


def policy(each: Policy) -> pp.Policy:
    if isinstance(each, StackPolicy):
        check_all = each.check

        def validate_stack(args: pp.StackValidationArgs, report: pp.ReportViolation) -> None:
            urns = {(seen.resource_type, seen.name): seen.urn for seen in args.resources}
            for where, message in check_all([resource(seen) for seen in args.resources]):
                report(message, urns[where.type, where.name])

        return pp.StackValidationPolicy(each.name, each.description, validate_stack, _LEVELS[each.elsewhere])
    check = each.check

    def validate(args: pp.ResourceValidationArgs, report: pp.ReportViolation) -> None:
        for message in check(resource(args)):
            report(message, None)

    return pp.ResourceValidationPolicy(each.name, each.description, validate, _LEVELS[each.elsewhere])


pp.PolicyPack("slipway", [policy(each) for each in POLICIES])
