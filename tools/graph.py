"""A stack's path as a picture: who asks, the gateway, the models, and what stands behind them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from components.settings import Settings

_WIDTH, _HEIGHT, _GAP, _ROW = 220, 64, 90, 92
_STYLE = "font-family='sans-serif' font-size='13'"


@dataclass(frozen=True, kw_only=True)
class Box:
    """One thing; `column` is its place on the way from a client to the data."""

    name: str
    text: str
    column: int
    to: tuple[str, ...] = ()


def boxes(settings: Settings, outputs: Mapping[str, Any]) -> list[Box]:
    """What the stack has; versions, shares and addresses are those that the last `up` exported."""
    made = outputs.get("models") or {}
    models = tuple(model.name for model in settings.models)
    gateway = "HTTPS" if settings.ingress.tls else "HTTP"
    found = [
        Box(name="clients", text="V2 requests", column=0, to=("gateway",)),
        Box(name="gateway", text=f"{gateway}, *.{settings.ingress.domain}", column=1, to=(*models, "MLflow")),
    ]
    for model in settings.models:
        known = made.get(model.name) or {}
        canary = known.get("canary")
        share = f", {canary['percent']} % to {canary['version']}" if canary else ""
        scaling = model.autoscaling
        pods = f"{scaling.min} to {scaling.max} pods" if scaling else f"pods: {model.replicas or 1}"
        version = f"version {known['version']}{share}" if known else "not served yet"
        found.append(Box(name=model.name, text=f"{version}; {pods}", column=2, to=("MLflow",)))
    database = "external" if settings.database.url else "CloudNativePG" if settings.database.cloud_native_pg else ""
    store = settings.object_store.engine
    found += [
        Box(name="MLflow", text=str(outputs.get("tracking", "registry")), column=3, to=("database", "object store")),
        Box(name="database", text=database or "bundled PostgreSQL", column=4),
        Box(name="object store", text=store, column=4),
    ]
    return found


def svg(found: Sequence[Box], title: str) -> str:
    """The picture: a column for each step, a line for each way."""
    columns: dict[int, list[Box]] = {}
    for box in found:
        columns.setdefault(box.column, []).append(box)
    places = {
        box.name: (20 + column * (_WIDTH + _GAP), 50 + row * _ROW)
        for column, row_of in columns.items()
        for row, box in enumerate(row_of)
    }
    width = 40 + (max(columns) + 1) * (_WIDTH + _GAP) - _GAP
    height = 60 + max(map(len, columns.values())) * _ROW
    return "\n".join(
        [
            f"<svg xmlns='http://www.w3.org/2000/svg' width='{width}' height='{height}' {_STYLE}>",
            f"<title>{escape(title)}</title><rect width='100%' height='100%' fill='white'/>",
            f"<text x='20' y='28' font-size='17'>{escape(title)}</text>",
            *_lines(found, places),
            *(_drawn(box, *places[box.name]) for box in found),
            "</svg>\n",
        ]
    )


def _lines(found: Sequence[Box], places: Mapping[str, tuple[int, int]]) -> Iterator[str]:
    for box in found:
        for target in box.to:
            (x, y), (to_x, to_y) = places[box.name], places[target]
            start, end, middle = x + _WIDTH, to_x, (x + _WIDTH + to_x) // 2
            path = f"M {start} {y + _HEIGHT // 2} C {middle} {y + _HEIGHT // 2}, {middle} {to_y + _HEIGHT // 2}, "
            yield f"<path d='{path}{end} {to_y + _HEIGHT // 2}' fill='none' stroke='#789'/>"


def _drawn(box: Box, x: int, y: int) -> str:
    short = box.text if len(box.text) <= 32 else f"{box.text[:31]}…"
    return (
        f"<rect x='{x}' y='{y}' width='{_WIDTH}' height='{_HEIGHT}' rx='8' fill='#eef4fb' stroke='#456'/>"
        f"<text x='{x + 12}' y='{y + 26}' font-weight='bold'>{escape(box.name)}</text>"
        f"<text x='{x + 12}' y='{y + 48}'>{escape(short)}<title>{escape(box.text)}</title></text>"
    )
