"""Contradictions in the teams."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from components.settings.problems import Problem, fault

if TYPE_CHECKING:
    from components.settings import Settings


def check(settings: Settings) -> Iterator[Problem]:
    taken = [settings.namespaces.data, settings.namespaces.models]
    for index, team in enumerate(settings.teams):
        if team.name in taken:
            yield fault(("teams", index, "name"), team.name, "this namespace is another's; every name must be its own")
        taken.append(team.name)
    for index, model in enumerate(settings.models):
        if model.team and model.team not in [team.name for team in settings.teams]:
            yield fault(("models", index, "team"), model.team, "no such team; write one of `teams`")
