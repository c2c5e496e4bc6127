"""Whatever a stack file holds, a check ends with lines for a person."""

import copy
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from components.settings import SettingsError, parse_settings
from tests import corpus
from tools import check

BOUNDED = settings(
    max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
FILE = Path("Pulumi.prod.yaml").read_bytes()
PIECES = st.sampled_from(
    [
        b"\n",
        b"  ",
        b": ",
        b"- ",
        b"&a ",
        b"*a",
        b"<<: ",
        b"!!",
        b"{",
        b"}",
        b"[",
        b"]",
        b'"',
        b"'",
        b"|",
        b"#",
        b"\xff",
        b"\0",
    ]
)
EDITS = st.lists(st.tuples(st.integers(0, len(FILE)), st.integers(0, 40), PIECES | st.binary(max_size=8)), max_size=6)
WORDS = st.sampled_from(
    ["", "on", "a/b", "s3://x", "http://[", "models:/a/1", "1Gi", "\u200b", "\uff10", "-1", "x" * 300, "a@b:c"]
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | WORDS
VALUES = st.recursive(
    SCALARS,
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=8) | WORDS, below, max_size=3),
    max_leaves=8,
)
BASES = [case.settings for case in corpus.right()]


@BOUNDED
@given(edits=EDITS)
def test_no_change_of_a_files_bytes_brings_a_check_down(tmp_path: Path, edits: list[tuple[int, int, bytes]]) -> None:
    content = FILE
    for at, length, piece in edits:
        content = content[:at] + piece + content[at + length :]
    (path := tmp_path / "Pulumi.x.yaml").write_bytes(content)
    assert all("\n" not in line and line.startswith(str(path)) for line in check.faults(path))


@BOUNDED
@given(base=st.sampled_from(BASES), steps=st.lists(st.integers(0, 30), min_size=1, max_size=6), value=VALUES)
def test_no_value_anywhere_brings_a_check_down(base: dict[str, Any], steps: list[int], value: Any) -> None:
    data = copy.deepcopy(base)
    place: Any = data
    for step in steps:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        if not keys:
            break
        key = keys[step % len(keys)]
        if step is steps[-1] or not isinstance(place[key], dict | list):
            place[key] = value
            break
        place = place[key]
    try:
        parse_settings(data)
    except SettingsError as error:
        found = error.problems
    else:
        found = ()
    assert all(problem.remedy for problem in found)
