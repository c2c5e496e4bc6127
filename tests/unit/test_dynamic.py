"""What all dynamic resources share: types of their own, and code that a state can find again."""

import base64
import importlib
import pickle
import pkgutil

import pytest
from pulumi.dynamic.dynamic import serialize_provider

from components import dynamic
from components.dynamic.base import DynamicProvider, DynamicResource
from tests.unit.engine import run_stack

for each in pkgutil.iter_modules(dynamic.__path__, f"{dynamic.__name__}."):
    importlib.import_module(each.name)
RESOURCES = DynamicResource.__subclasses__()


def test_every_type_has_a_token_of_its_own() -> None:
    assert len(RESOURCES) >= 8
    assert len({resource.token for resource in RESOURCES}) == len(RESOURCES)


def test_the_engine_is_told_the_token_that_tools_ask_for() -> None:
    told = {entry.type for entry in run_stack("dev").all if entry.type.startswith("pulumi-python:")}
    assert len(told) >= 5
    assert told <= {resource.token for resource in RESOURCES}


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda resource: resource.__name__)
def test_a_state_holds_a_reference_to_the_code_and_nothing_of_the_machine(resource: type[DynamicResource]) -> None:
    stored = base64.b64decode(serialize_provider(resource.implementation()))
    assert type(pickle.loads(stored)) is resource.implementation
    assert len(stored) < 100


def test_a_reference_to_our_own_code_is_no_secret_that_the_engine_must_encrypt() -> None:
    dynamic_resources = [each for each in run_stack("dev").all if each.type.startswith("pulumi-python:")]
    assert all(isinstance(each.raw["__provider"], str) for each in dynamic_resources)


def test_no_resource_tells_the_state_where_the_programs_files_are() -> None:
    assert not [each for each in run_stack("dev").all if each.placed]


class Two(DynamicProvider):
    passive = ("how",)
    replacing = ("where",)
    outputs = ("made",)


@pytest.mark.parametrize(
    ("olds", "news", "changed", "replaced"),
    [
        ({"what": "a", "made": 1}, {"what": "a", "made": None}, False, []),
        ({"what": "a"}, {"what": "b"}, True, []),
        ({"what": "a", "where": 1}, {"what": "a", "where": 2}, True, ["where"]),
        ({"what": "a", "how": 1}, {"what": "a", "how": 2}, False, []),
        ({"what": "a", "more": 1}, {"what": "a"}, True, []),
        ({"what": "a"}, {"what": "a", "more": None}, False, []),
        ({"what": "a", "__provider": "old"}, {"what": "a", "__provider": "new"}, False, []),
    ],
    ids=["same", "other", "elsewhere", "otherwise", "taken away", "left out", "other code"],
)
def test_a_diff_compares_the_inputs_with_the_state(
    olds: dict[str, object], news: dict[str, object], changed: bool, replaced: list[str]
) -> None:
    diff = Two().diff("id", olds, news)
    assert (diff.changes, diff.replaces) == (changed, replaced)
