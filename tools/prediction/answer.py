"""A V2 answer as a table."""

from collections.abc import Mapping, Sequence
from typing import Any


def table(answer: Mapping[str, Any]) -> str:
    """A line for each row that was asked, a column for each value that the model gave it."""
    columns: list[list[str]] = []
    for output in answer["outputs"]:
        data = output["data"]
        rows = int(output["shape"][0]) if output.get("shape") else len(data)
        width = max(1, len(data) // max(1, rows))
        for number in range(width):
            name = output["name"] if width == 1 else f"{output['name']}[{number}]"
            columns.append([name, *map(_shown, data[number::width])])
    longest = max((len(column) for column in columns), default=1)
    numbers = ["row", *map(str, range(1, longest))]
    return aligned([numbers, *columns])


def aligned(columns: Sequence[Sequence[str]]) -> str:
    """Columns side by side, each as wide as its widest cell; a short column ends early."""
    widths = [max(map(len, column)) for column in columns]
    height = max(map(len, columns))
    lines = [
        "  ".join(
            (column[row] if row < len(column) else "").ljust(width)
            for column, width in zip(columns, widths, strict=True)
        )
        for row in range(height)
    ]
    return "\n".join(line.rstrip() for line in lines)


def _shown(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
