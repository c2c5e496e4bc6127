"""Grafana's JSON of a dashboard: rows of panels, laid out from left to right."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

DATASOURCE = {"type": "prometheus", "uid": "prometheus"}
_WIDTH, _HEIGHT = 24, 8


@dataclass(frozen=True)
class Query:
    expr: str
    legend: str = ""


@dataclass(frozen=True)
class Panel:
    """A graph over time; `unit` is one of Grafana's, such as reqps, ms, percentunit, bytes, s, short."""

    title: str
    queries: Sequence[Query]
    unit: str = "short"
    says: str = ""


@dataclass(frozen=True)
class Dashboard:
    """`variables` are what a reader chooses from: names, and the values of each."""

    uid: str
    title: str
    rows: Sequence[Sequence[Panel]]
    variables: Mapping[str, Sequence[str]]

    @property
    def queries(self) -> Iterator[str]:
        for row in self.rows:
            for panel in row:
                yield from (query.expr for query in panel.queries)

    def json(self) -> dict[str, Any]:
        panels = [
            _panel(panel, number, {"x": column * (_WIDTH // len(row)), "y": line * _HEIGHT}, _WIDTH // len(row))
            for number, (line, row, column, panel) in enumerate(self._places(), 1)
        ]
        return {
            "uid": self.uid,
            "title": self.title,
            "tags": ["slipway"],
            "editable": False,
            "refresh": "30s",
            "schemaVersion": 39,
            "time": {"from": "now-3h", "to": "now"},
            "templating": {"list": [_variable(name, values) for name, values in self.variables.items()]},
            "panels": panels,
        }

    def _places(self) -> Iterator[tuple[int, Sequence[Panel], int, Panel]]:
        for line, row in enumerate(self.rows):
            for column, panel in enumerate(row):
                yield line, row, column, panel


def _panel(panel: Panel, number: int, at: Mapping[str, int], width: int) -> dict[str, Any]:
    return {
        "id": number,
        "type": "timeseries",
        "title": panel.title,
        "description": panel.says,
        "datasource": DATASOURCE,
        "gridPos": {**at, "w": width, "h": _HEIGHT},
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
        "options": {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi"}},
        "targets": [
            {"refId": chr(ord("A") + place), "datasource": DATASOURCE, "expr": query.expr, "legendFormat": query.legend}
            for place, query in enumerate(panel.queries)
        ],
    }


def _variable(name: str, values: Sequence[str]) -> dict[str, Any]:
    options = [{"text": value, "value": value, "selected": place == 0} for place, value in enumerate(values)]
    return {"name": name, "type": "custom", "query": ",".join(values), "options": options, "current": options[0]}
