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
