"""Kubernetes quantities: `250m`, `1.5`, `512Mi`, `1k`."""

import re
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator

_FORM = re.compile(r"^([+-]?(?:\d+\.?\d*|\.\d+))(?:([numkMGTPE]|[KMGTPE]i)|[eE]([+-]?\d+))?$")
_FACTOR = {
    **{
        suffix: Decimal(10) ** (3 * power)
        for power, suffix in enumerate(("n", "u", "m", "", "k", "M", "G", "T", "P", "E"), -3)
    },
    **{f"{letter}i": Decimal(1024) ** power for power, letter in enumerate("KMGTPE", 1)},
}


def parse(text: str) -> Decimal:
    """The number that a quantity stands for, in its base unit (cores, bytes, or one).

    The grammar is Kubernetes' own (`k8s.io/apimachinery/pkg/api/resource`). Raises ValueError for anything else.
    """
    match = _FORM.match(text)
    if not match:
        raise ValueError(
            "not a Kubernetes quantity; write a number with an optional suffix, such as 250m, 2, 512Mi or 1k"
        )
    number, suffix, exponent = match.groups()
    return Decimal(number) * (Decimal(10) ** int(exponent) if exponent else _FACTOR[suffix or ""])


def _positive(text: str) -> str:
    if parse(text) <= 0:
        raise ValueError("must be more than zero")
    return text


def _not_negative(text: str) -> str:
    if parse(text) < 0:
        raise ValueError("must be zero or more")
    return text


def _written(value: Any) -> Any:
    """A plain number as its text: Kubernetes takes `30` and `"30"` alike."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


Quantity = Annotated[str, BeforeValidator(_written), AfterValidator(_positive)]
Ratio = Annotated[str, BeforeValidator(_written), AfterValidator(_not_negative)]
