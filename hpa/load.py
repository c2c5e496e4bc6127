"""Load over time: shapes and traces.

A load is an array with one value for each sync interval, in units a second (requests, packets, messages).
"""

import csv
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from hpa.problem import HpaError

Load = npt.NDArray[np.float64]

# Beyond these nothing is a model's load any more, and a forecast takes hours.
MOST = 1e9
MOST_SYNCS = 250_000
COLUMNS = ("seconds", "load")


def _step(place: Load, low: float, high: float) -> Load:
    return np.where((place >= 0.25) & (place < 0.75), high, low)


def _ramp(place: Load, low: float, high: float) -> Load:
    return low + (high - low) * place


def _sine(place: Load, low: float, high: float) -> Load:
    return low + (high - low) * (1 - np.cos(2 * math.pi * place)) / 2


def _spike(place: Load, low: float, high: float) -> Load:
    return np.where((place >= 0.5) & (place < 0.55), high, low)


SHAPES: dict[str, Callable[[Load, float, float], Load]] = {
    "step": _step,
    "ramp": _ramp,
    "sine": _sine,
    "spike": _spike,
}


def shape(name: str, low: float, high: float, duration: float, period: float) -> Load:
    """A shape from `low` to `high` over `duration` seconds, one value for each `period` seconds.

    step: high in the middle half; ramp: low to high; sine: one wave from low over high to low; spike: high for a
    twentieth of the duration, from its middle on. Raises HpaError for an unknown shape or a duration too short.
    """
    if name not in SHAPES:
        raise HpaError(f"--load: {name}: write a shape ({', '.join(SHAPES)}) or the name of a CSV file")
    if not 0 <= low <= high <= MOST:
        raise HpaError(f"--low {low:g} --high {high:g}: write 0 <= low <= high <= {MOST:g}")
    place: Load = np.arange(_intervals(duration, period), dtype=np.float64) * (period / duration)
    return SHAPES[name](place, low, high)


def trace(path: Path, period: float) -> Load:
    """The load of a CSV file with the columns seconds and load, one value each `period` seconds.

    The columns are found by their names in the first row, or else are the first two. A row's load holds until the next
    row's time; the last row ends the trace. An interval has the mean of what falls into it. Raises HpaError.
    """
    times, loads = _rows(path)
    count = _intervals(times[-1] - times[0], period)
    edges = times[0] + np.arange(count + 1) * period
    total = np.concatenate([[0.0], np.cumsum(np.diff(times) * loads[:-1])])
    at_edges = np.interp(edges, times, total) + np.maximum(edges - times[-1], 0) * loads[-1]
    loads_of_intervals: Load = np.maximum(0.0, np.diff(at_edges) / period)
    return loads_of_intervals


def _rows(path: Path) -> tuple[Load, Load]:
    lines = _lines(path)
    places = _places(lines[0] if lines else [], path)
    named = bool(lines) and not _numbers(lines[0])
    rows: list[tuple[float, float]] = []
    for number, line in enumerate(lines, 1):
        if not any(cell.strip() for cell in line) or (named and number == 1):
            continue
        try:
            second, load = (float(line[place]) for place in places)
        except (ValueError, IndexError):
            raise HpaError(f"{path}:{number}: {','.join(line)}: write two numbers, seconds and load") from None
        if not 0 <= load <= MOST or not math.isfinite(second) or (rows and second <= rows[-1][0]):
            raise HpaError(
                f"{path}:{number}: {','.join(line)}: write rising seconds and loads of at least 0 and at most {MOST:g}"
            )
        rows.append((second, load))
    if len(rows) < 2:
        raise HpaError(f"{path}: write at least two rows of seconds and load")
    table = np.array(rows)
    return table[:, 0], table[:, 1]


def _lines(path: Path) -> list[list[str]]:
    try:
        # Spreadsheets begin a file with a byte order mark.
        return list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines()))
    except UnicodeDecodeError:
        raise HpaError(f"{path}: not UTF-8: write a text file") from None
    except OSError as error:
        raise HpaError(f"{path}: {error.strerror}") from None
    except csv.Error as error:
        raise HpaError(f"{path}: not CSV: {error}") from None


def _places(first: list[str], path: Path) -> list[int]:
    """Where seconds and load stand in a row."""
    if not first or _numbers(first):
        return [0, 1]
    names = [cell.strip().lower() for cell in first]
    for name in COLUMNS:
        if names.count(name) != 1:
            raise HpaError(f"{path}:1: the columns are {', '.join(first)}: name one of them {name}")
    return [names.index(name) for name in COLUMNS]


def _numbers(line: list[str]) -> bool:
    try:
        return bool([float(cell) for cell in line])
    except ValueError:
        return False


def _intervals(duration: float, period: float) -> int:
    if duration < period:
        raise HpaError(f"the load lasts {duration:g} s: write at least one sync period, {period:g} s")
    if duration / period > MOST_SYNCS:
        raise HpaError(f"the load lasts {duration:g} s: write at most {MOST_SYNCS} sync periods of {period:g} s")
    return math.ceil(duration / period - 1e-9)
