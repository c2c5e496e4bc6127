"""What a benchmark says: one way to do something, measured several times, and how ways compare."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, kw_only=True)
class Row:
    """Rows of the same `what` and `size` are compared; the first is what the others are held against."""

    what: str
    way: str
    # In the order in which they were measured: those of two ways that took turns are pairs.
    values: Sequence[float]
    unit: str = "s"
    # Such as the number of models. Several sizes of one `what` are drawn as lines.
    size: int | None = None
    # Processor seconds of the command and all that it started.
    cpu: Sequence[float] = ()

    @property
    def median(self) -> float:
        return median(self.values)


def ratio(row: Row, other: Row) -> float | None:
    """How many times `other` one row is: pair by pair where they took turns. None where `other` is 0."""
    if not all(other.values):
        return None
    if len(row.values) == len(other.values):
        return median(mine / its for mine, its in zip(row.values, other.values, strict=True))
    return row.median / other.median


def grouped(rows: Iterable[Row]) -> dict[str, dict[int | None, list[Row]]]:
    """By `what`, then by size, in the order in which they came."""
    found: dict[str, dict[int | None, list[Row]]] = {}
    for row in rows:
        found.setdefault(row.what, {}).setdefault(row.size, []).append(row)
    return found
