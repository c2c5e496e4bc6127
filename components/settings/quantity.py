"""Kubernetes quantities: `250m`, `1.5`, `512Mi`, `1k`, each held to what is sane for its resource."""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, WithJsonSchema

from components.settings.text import SHOWN

_NUMBER = r"[+-]?(?:[0-9]{1,19}\.?[0-9]{0,19}|\.[0-9]{1,19})"
_FORM = re.compile(rf"({_NUMBER})(?:([numkMGTPE]|[KMGTPE]i)|[eE]([+-]?[0-9]{{1,2}}))?")
_FACTOR = {
    **{
        suffix: Decimal(10) ** (3 * power)
        for power, suffix in enumerate(("n", "u", "m", "", "k", "M", "G", "T", "P", "E"), -3)
    },
    **{f"{letter}i": Decimal(1024) ** power for power, letter in enumerate("KMGTPE", 1)},
}
_LARGEST = Decimal(2**63 - 1)


def parse(text: str) -> Decimal:
    """The number that a quantity stands for, in its base unit (cores, bytes, or one).

    The grammar is Kubernetes' own (`k8s.io/apimachinery/pkg/api/resource`). Raises ValueError for anything else.
    """
    match = _FORM.fullmatch(text)
    if not match:
        raise ValueError(
            "not a Kubernetes quantity; write a number with an optional suffix, such as 250m, 2, 512Mi or 1k"
        )
    number, suffix, exponent = match.groups()
    amount = Decimal(number) * (Decimal(10) ** int(exponent) if exponent else _FACTOR[suffix or ""])
    if abs(amount) > _LARGEST:
        raise ValueError("more than Kubernetes can count; write less")
    return amount


def _written(value: Any) -> Any:
    """A plain number as its text: Kubernetes takes `30` and `"30"` alike."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _kind(check: Callable[[str], None], pattern: str) -> Any:
    def checked(text: str) -> str:
        check(text)
        return text

    number = {"type": "number", "minimum": 0}
    schema = {"anyOf": [{"type": "string", "pattern": f"^{pattern}$"}, number]}
    return Annotated[str, BeforeValidator(_written), AfterValidator(checked), WithJsonSchema(schema), SHOWN]


def _suffix(text: str) -> str:
    match = _FORM.fullmatch(text)
    return (match[2] or "") if match else ""


def _more_than_nothing(text: str) -> None:
    if parse(text) <= 0:
        raise ValueError("write more than zero")


def _nothing_or_more(text: str) -> None:
    if parse(text) < 0:
        raise ValueError("write zero or more")


def cores(text: str) -> Decimal:
    """The cores. Raises ValueError for what is no amount of cores."""
    amount = parse(text)
    if _suffix(text).endswith("i") or _suffix(text) in ("k", "M", "G", "T", "P", "E"):
        raise ValueError("cpu is counted in cores; write it without a unit of memory, such as 500m or 2")
    if amount <= 0:
        raise ValueError("write more than zero")
    if amount * 1000 != int(amount * 1000):
        raise ValueError("the least part of a core is 1m; write whole ones")
    return amount


def cpu(text: str) -> None:
    """Raises ValueError unless it is an amount of cores that a machine can have."""
    if (amount := cores(text)) > 256:
        raise ValueError(f"{_plain(amount)} whole cores; write thousandths with an m, such as 500m, or at most 256")


def memory(text: str, *, of_many: bool = False) -> None:
    """Raises ValueError unless it is an amount of memory that a container, or many together, can have."""
    most = (Decimal(2**60), "1Ei") if of_many else (Decimal(2**44), "16Ti")
    _bytes(text, Decimal(2**20), most[0], "1Mi", most[1])


def storage(text: str) -> None:
    """Raises ValueError unless it is the size of a volume that a server can keep its data on."""
    _bytes(text, Decimal(100 * 10**6), Decimal(2**46), "100M", "64Ti")


def _bytes(text: str, least: Decimal, most: Decimal, least_text: str, most_text: str) -> None:
    amount = parse(text)
    if _suffix(text) in ("m", "u", "n"):
        raise ValueError(f"{_plain(amount)} bytes: m is a thousandth; write a unit such as Mi or Gi")
    if amount < least:
        raise ValueError(f"{_plain(amount)} bytes; write at least {least_text}, with a unit such as Mi or Gi")
    if amount > most:
        raise ValueError(f"write at most {most_text}")
    if amount != int(amount):
        raise ValueError("not a whole number of bytes; write one")


def _plain(amount: Decimal) -> str:
    return format(amount.normalize(), "f")


_ANY = r"\+?([0-9]{1,19}\.?[0-9]{0,19}|\.[0-9]{1,19})(([numkMGTPE]|[KMGTPE]i)|[eE][+-]?[0-9]{1,2})?"
_CORES = r"\+?([0-9]{1,19}\.?[0-9]{0,19}|\.[0-9]{1,19})(m|[eE][+-]?[0-9]{1,2})?"
_BYTES = r"\+?([0-9]{1,19}\.?[0-9]{0,19}|\.[0-9]{1,19})(([kMGTPE]|[KMGTPE]i)|[eE][+-]?[0-9]{1,2})?"
Quantity = _kind(_more_than_nothing, _ANY)
Ratio = _kind(_nothing_or_more, _ANY)
Cpu = _kind(cpu, _CORES)
Memory = _kind(memory, _BYTES)
Storage = _kind(storage, _BYTES)
# What a quota counts is told by its key.
Amount = _kind(_nothing_or_more, _ANY)
