"""Contradictions in the teams."""

import math
from collections.abc import Iterator
from decimal import Decimal

from components.settings import demand, quantity, quota
from components.settings.problems import Problem, fault
from components.settings.stack import Settings
from components.settings.teams import Team
from components.settings.type_faults import nearest


def keys(settings: Settings) -> Iterator[Problem]:
    for index, team in enumerate(settings.teams):
        for key, reason in quota.problems(team.quota):
            near = nearest(key, quota.KNOWN)
            hint = f"did you mean {near}?" if near and not quota.is_known(key) else reason
            yield fault(("teams", index, "quota", key), team.quota[key], hint)


def quotas(settings: Settings) -> Iterator[Problem]:
    for index, team in enumerate(settings.teams):
        yield from _quota(settings, team, index)


def _quota(settings: Settings, team: Team, index: int) -> Iterator[Problem]:
    keys = {key: demand.SAME.get(key, key) for key in team.quota if quota.is_known(key)}
    unsaid = False
    for position, model in enumerate(settings.models):
        asked = demand.asked(model.resources)
        for key in keys.values():
            kind, _, name = str(key).partition(".")
            if model.team == team.name and name in ("cpu", "memory") and key not in asked:
                unsaid = True
                yield fault(
                    ("models", position, "resources", kind, name), None, f"the quota of {team.name} counts it; write it"
                )
    if unsaid:
        return
    most = demand.total(settings, team.name)
    for key, counted in keys.items():
        if most.get(counted, Decimal()) > quantity.parse(team.quota[key]):
            yield fault(
                ("teams", index, "quota", key),
                team.quota[key],
                f"at their most, and with the pods of an update, its models take {_text(counted, most[counted])} "
                f"({_pods(settings, team)}); write at least that, or lower their replicas, max or resources",
            )


def _pods(settings: Settings, team: Team) -> str:
    counts = {model.name: demand.pods(model) for model in demand.served(settings, team.name)}
    return ", ".join(f"{name} {count} pods" for name, count in counts.items())


def _text(key: str, amount: Decimal) -> str:
    """The amount as a person writes it, rounded up."""
    if key.endswith(".memory"):
        return f"{math.ceil(amount / 2**20)}Mi"
    return f"{math.ceil(amount * 1000)}m" if key.endswith(".cpu") else str(math.ceil(amount))


RULES = (keys, quotas)
