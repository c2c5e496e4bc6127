"""Hundreds of stack files: each wrong one is refused by its key, each right one is taken."""

import time
from collections.abc import Iterable
from pathlib import Path

import pytest

from components.settings import SettingsError, parse_settings
from components.settings.problems import Problem
from tests import corpus
from tests.corpus import Case, configuration_page
from tools import stack_file

WRONG, RIGHT = list(corpus.wrong()), list(corpus.right())


def problems(case: Case) -> tuple[Problem, ...]:
    content = {"config": {f"{stack_file.PREFIX}{key}": value for key, value in case.settings.items()}}
    try:
        parse_settings(stack_file.settings_of(content))
    except SettingsError as error:
        return error.problems
    return ()


def named(key: str, found: Iterable[Problem]) -> bool:
    """Whether a fault is at the key, or at one below it."""
    return any(each.key == key or each.key.startswith((f"{key}.", f"{key}[")) for each in found)


def test_there_are_enough_of_them() -> None:
    assert len(WRONG) >= 400
    assert len(RIGHT) >= 150


@pytest.mark.parametrize("case", WRONG, ids=[case.title for case in WRONG])
def test_a_wrong_file_is_refused_by_its_key(case: Case) -> None:
    found = problems(case)
    assert named(case.key, found), [str(each) for each in found]


@pytest.mark.parametrize("case", RIGHT, ids=[case.title for case in RIGHT])
def test_a_right_file_is_taken(case: Case) -> None:
    assert [str(each) for each in problems(case)] == []


def test_they_are_read_in_seconds() -> None:
    begun = time.process_time()
    for case in [*WRONG, *RIGHT]:
        problems(case)
    assert time.process_time() - begun < 20


def test_the_page_of_the_configuration_is_what_the_settings_say() -> None:
    made = configuration_page.page()
    assert Path("docs/configuration.md").read_text() == made, (
        "python -m tests.corpus.configuration_page > docs/configuration.md"
    )
