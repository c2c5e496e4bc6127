"""No setting is taken in silence: a right stack file changes what the engine is told, or it is known who reads it."""

import json
from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from typing import Any

import pytest

from tests import corpus
from tools import recording

# By base and key: what the program makes nothing of, and who acts on it instead.
ELSEWHERE = {
    ("kind", "backend"): "the tools, before Pulumi starts",
    ("kind", "backups"): "make backup, make status",
    ("kind", "policies"): "the policy pack",
    ("cloud", "cluster.kubernetes"): "the rules: which fields and versions a cluster of that version knows",
    ("cloud", "images.postgres"): "make backup: the tools' pod for a database at `url`",
    ("kind", "ingress.serviceType"): "the rules: NodePort is what kind has, and nothing else is taken",
    ("kind", "ingress.nodePorts"): "the rules: those that kind maps, and nothing else is taken",
}


def made(settings: Mapping[str, Any]) -> str:
    """Everything that the engine is told."""
    run = recording.run_stack("test", settings)
    told = [(each.type, each.name, each.raw, each.protect, sorted(each.dependencies)) for each in run.all]
    return json.dumps(sorted(map(json.dumps, told)))


@cache
def made_of(base: str) -> str:
    return made(corpus.bases()[base])


@cache
def cases() -> dict[tuple[str, str], list[Mapping[str, Any]]]:
    """The right files, by their base and by what is laid over it; as Pulumi hands encrypted values on, opened."""
    found = defaultdict(list)
    for case in corpus.right():
        opened = json.loads(
            json.dumps(case.settings).replace('{"secure": "v1"}', '"postgresql+psycopg2://u:p@db/other"')
        )
        found[case.base, ", ".join(case.changed)].append(opened)
    return dict(found)


@pytest.mark.parametrize("where", cases(), ids=" ".join)
def test_it_has_an_effect(where: tuple[str, str]) -> None:
    effect = any(made(settings) != made_of(where[0]) for settings in cases()[where])
    assert effect != (where in ELSEWHERE)
