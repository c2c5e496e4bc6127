"""Loads over time."""

from pathlib import Path

import pytest

from hpa import load
from hpa.problem import HpaError


def written(folder: Path, text: str) -> Path:
    path = folder / "trace.csv"
    path.write_text(text)
    return path


@pytest.mark.parametrize("name", load.SHAPES)
def test_a_shape_has_a_value_for_each_sync_between_its_bounds(name: str) -> None:
    wave = load.shape(name, 5, 50, 3600, 15)
    assert len(wave) == 240
    assert wave[0] == 5
    assert wave.min() >= 5
    assert 49 < wave.max() <= 50


def test_a_row_of_a_trace_holds_until_the_next(tmp_path: Path) -> None:
    path = written(tmp_path, "seconds,load\n0,10\n20,40\n30,0\n45,0\n")
    assert load.trace(path, 15).tolist() == pytest.approx([10, (5 * 10 + 10 * 40) / 15, 0])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("seconds,load\n0,1\n", "write at least two rows"),
        ("time,load\n0,1\n9,1\n", "trace.csv:1: the columns are time, load: name one of them seconds"),
        ("seconds,seconds,load\n0,1,1\n", "name one of them seconds"),
        ("0,1\n10,nan\n", "loads of at least 0"),
        ("0,1\n10,1e300\n", "at most 1e+09"),
        ("0\n10\n", "trace.csv:1: 0: write two numbers"),
        ("0,1\nten,2\n", "trace.csv:2: ten,2: write two numbers"),
        ("0,1\n10,2\n10,3\n", "trace.csv:3: 10,3: write rising seconds"),
        ("0,1\n10,-2\n", "loads of at least 0"),
        ("0,1\n10,2\n", "the load lasts 10 s: write at least one sync period, 15 s"),
    ],
)
def test_a_trace_that_is_wrong_is_refused_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(HpaError) as caught:
        load.trace(written(tmp_path, text), 15)
    assert said in str(caught.value)


def test_an_unknown_shape_names_the_known_ones() -> None:
    with pytest.raises(HpaError, match="step, ramp, sine, spike"):
        load.shape("square", 0, 1, 60, 15)


def test_columns_are_found_by_their_names(tmp_path: Path) -> None:
    path = written(tmp_path, "Load, host ,seconds\n10,a,0\n40,b,15\n0,c,30\n")
    assert load.trace(path, 15).tolist() == [10, 40]


def test_a_byte_order_mark_takes_no_row_away(tmp_path: Path) -> None:
    path = tmp_path / "trace.csv"
    path.write_text("0,10\n15,40\n30,0\n", encoding="utf-8-sig")
    assert load.trace(path, 15).tolist() == [10, 40]


@pytest.mark.parametrize("content", [b"\xff\xfe0,1", b'0,"1' + b"9" * 200_000])
def test_what_is_no_text_or_no_csv_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "trace.csv"
    path.write_bytes(content)
    with pytest.raises(HpaError, match=r"not UTF-8|not CSV"):
        load.trace(path, 15)
