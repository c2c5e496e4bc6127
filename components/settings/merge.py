"""Values laid over values: a stack's over Slipway's, a machine's over a stack's."""

from collections.abc import Mapping
from typing import Any

Values = Mapping[str, Any]


def merged(base: Values, over: Values) -> dict[str, Any]:
    """`over` laid on `base`: mappings key by key, anything else (lists too) replaced whole, as Helm merges values."""
    result = dict(base)
    for key, value in over.items():
        below = result.get(key)
        result[key] = merged(below, value) if isinstance(below, Mapping) and isinstance(value, Mapping) else value
    return result


def removed(values: Values) -> dict[str, Any]:
    """The part of `values` that is null: what Helm takes out of a chart's defaults."""
    found: dict[str, Any] = {}
    for key, value in values.items():
        if value is None:
            found[key] = None
        elif isinstance(value, Mapping) and (below := removed(value)):
            found[key] = below
    return found


def without_nulls(values: Values) -> dict[str, Any]:
    """The rest."""
    return {
        key: without_nulls(value) if isinstance(value, Mapping) else value
        for key, value in values.items()
        if value is not None
    }
