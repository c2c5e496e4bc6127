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
    if not 0 <= low <= high:
        raise HpaError(f"--low {low:g} --high {high:g}: write 0 <= low <= high")
    place: Load = np.arange(_intervals(duration, period), dtype=np.float64) * (period / duration)
    return SHAPES[name](place, low, high)


def trace(path: Path, period: float) -> Load:
    """The load of a CSV file with the columns seconds and load (a header is skipped), one value each `period` seconds.

    A row's load holds until the next row's time; the last row ends the trace. An interval has the mean of what falls
    into it. Raises HpaError.
    """
    times, loads = _rows(path)
    count = _intervals(times[-1] - times[0], period)
    edges = times[0] + np.arange(count + 1) * period
    total = np.concatenate([[0.0], np.cumsum(np.diff(times) * loads[:-1])])
    at_edges = np.interp(edges, times, total) + np.maximum(edges - times[-1], 0) * loads[-1]
    loads_of_intervals: Load = np.diff(at_edges) / period
    return loads_of_intervals


def _rows(path: Path) -> tuple[Load, Load]:
    try:
        lines = list(csv.reader(path.read_text().splitlines()))
    except OSError as error:
        raise HpaError(f"{path}: {error.strerror}") from None
    rows: list[tuple[float, float]] = []
    for number, line in enumerate(lines, 1):
        try:
            second, load = map(float, line)
        except ValueError:
            if number == 1 or not line:
                continue
            raise HpaError(f"{path}:{number}: {','.join(line)}: write two numbers, seconds and load") from None
        if load < 0 or not math.isfinite(load + second) or (rows and second <= rows[-1][0]):
            raise HpaError(f"{path}:{number}: {','.join(line)}: write rising seconds and loads of at least 0")
        rows.append((second, load))
    if len(rows) < 2:
        raise HpaError(f"{path}: write at least two rows of seconds and load")
    table = np.array(rows)
    return table[:, 0], table[:, 1]


def _intervals(duration: float, period: float) -> int:
    if duration < period:
        raise HpaError(f"the load lasts {duration:g} s: write at least one sync period, {period:g} s")
    return math.ceil(duration / period - 1e-9)
