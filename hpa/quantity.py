"""Kubernetes quantities with Go's limits: `250m`, `1.5`, `512Mi`, `5P`.

The rules are those of `k8s.io/apimachinery/pkg/api/resource` v0.34.4. A quantity is kept there in an int64 with a power
of ten, or, where that is too small, in a decimal of any size; the two round and overflow in different ways.
tests/hpa compares with the real one.
"""

import math
import re
from dataclasses import dataclass
from typing import Literal

from hpa.integers import MAX_INT64, MIN_INT64, int64, quotient

Form = Literal["DecimalSI", "DecimalExponent", "BinarySI"]

_PARTS = re.compile(r"^([+-]?)0*(\d*)(?:\.(\d*))?([eEinumkKMGTP]*)([+-]?\d*)$", re.ASCII)
_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
_SMALLEST = -9


@dataclass(frozen=True, kw_only=True)
class Quantity:
    """`unscaled` times ten to the `exponent`; `large` is the form without an int64's limit.

    `text` is how it was written, where that counts as canonical.
    """

    unscaled: int
    exponent: int
    large: bool
    form: Form
    text: str = ""

    @property
    def sign(self) -> int:
        return (self.unscaled > 0) - (self.unscaled < 0)

    def milli(self) -> int:
        """Thousandths, as `MilliValue` has them."""
        shift = self.exponent + 3
        if not self.large:
            if shift < 0:
                return _away_from_zero(self.unscaled, -shift)
            if self.unscaled == 0 or shift > 18 or (shift and self.unscaled == MIN_INT64):
                return 0
            result = self.unscaled * _power(shift)
            # The real one finds an overflow, and hands on what is left of it for some powers of ten.
            return int64(result) if MIN_INT64 <= result <= MAX_INT64 or shift in (1, 2, 3, 6, 9) else 0
        if shift >= 0:
            return int64(int64(self.unscaled) * (_power(shift) if shift < 19 else MIN_INT64))
        if self.unscaled < MAX_INT64 and -shift < 19:
            divisor, small = _power(-shift), int64(self.unscaled)
            return quotient(small, divisor) + (small % divisor != 0)
        whole, rest = divmod(self.unscaled, _power(-shift))
        return int64(whole + (rest != 0))

    def approximate(self) -> float:
        """`AsApproximateFloat64`."""
        try:
            base = float(self.unscaled)
        except OverflowError:
            base = math.copysign(math.inf, self.unscaled)
        return base * float(f"1e{self.exponent}") if self.exponent else base

    def stored(self) -> "Quantity":
        """As it comes back from the API server, which writes quantities down in their canonical form."""
        return parse(self.canonical())

    def canonical(self) -> str:
        if self.text or self.unscaled == 0:
            return self.text or "0"
        if self.form == "BinarySI":
            whole, rest = divmod(abs(self.unscaled), _power(-self.exponent)) if self.exponent < 0 else (0, 0)
            if self.exponent >= 0:
                whole = abs(self.unscaled) * _power(self.exponent)
            if rest == 0 and whole >= 1024:
                power = 0
                while whole >= 1024 and whole % 1024 == 0:
                    whole, power = whole // 1024, power + 1
                suffix = ["", *_BINARY][power] if power <= len(_BINARY) else ""
                return f"{'-' if self.unscaled < 0 else ''}{whole}{suffix}"
        number, exponent = self.unscaled, self.exponent
        while number % 10 == 0:
            number, exponent = number // 10, exponent + 1
        number, exponent = number * _power(exponent % 3), exponent - exponent % 3
        if self.form == "DecimalExponent":
            return f"{number}e{exponent}" if exponent else str(number)
        # Beyond exa there is no suffix, and the real one writes none.
        return f"{number}{next((suffix for suffix, power in _DECIMAL.items() if power == exponent), '')}"


def parse(text: str) -> Quantity:
    """Origin: `ParseQuantity`. Raises ValueError."""
    match = _PARTS.match(text)
    if not text or not match or (match[5] and not match[4]):
        raise ValueError(
            "not a Kubernetes quantity; write a number with an optional suffix, such as 250m, 2, 512Mi or 1k"
        )
    sign, whole, fraction, letters, digits = match[1], match[2], match[3] or "", match[4], match[5]
    form, exponent = _suffix(letters, digits)
    number = whole or "0"
    if form == "BinarySI":
        fits = not fraction and 15 - len(number) - exponent * 3 // 10 - 1 >= 0
        scale, factor = 0, 2**exponent
    else:
        fits = 18 - len(number) - len(fraction) >= 0
        scale, factor = exponent - len(fraction), 1
    negative = -1 if sign == "-" else 1
    value = int(number + fraction) * factor
    if fits and scale >= _SMALLEST and value <= MAX_INT64:
        kept = text if _is_canonical(value // factor, number + fraction, scale, exponent, form) else ""
        return Quantity(unscaled=negative * value, exponent=scale, large=False, form=form, text=kept)
    if not any(character.isdigit() for character in text[: match.start(4)]):
        raise ValueError("a number is missing")
    if abs(exponent) > 1000:
        raise ValueError("more than any quantity needs; write an exponent of at most 1000")
    return _large(value, (scale if factor == 1 else -len(fraction)), negative, form)


def _is_canonical(value: int, digits: str, scale: int, exponent: int, form: Form) -> bool:
    if form == "BinarySI":
        return exponent % 10 == 0 and value % 8 != 0
    return scale % 3 == 0 and not digits.endswith("000") and not digits.startswith("0")


def _large(value: int, exponent: int, negative: int, form: Form) -> Quantity:
    if value and exponent < _SMALLEST:
        value, exponent = _away_from_zero(value, _SMALLEST - exponent), _SMALLEST
    elif value:
        # Rounding to nine digits writes them out.
        value, exponent = value * _power(exponent - _SMALLEST), _SMALLEST
    one = _power(-exponent) if exponent < 0 else 1
    if form == "BinarySI" and value > MAX_INT64 * one:
        value, exponent, one = MAX_INT64, 0, 1
    if form == "BinarySI" and 0 < value < one:
        form = "DecimalSI"
    return Quantity(unscaled=negative * value, exponent=exponent, large=True, form=form)


def _suffix(letters: str, digits: str) -> tuple[Form, int]:
    if not digits and letters in _DECIMAL:
        return "DecimalSI", _DECIMAL[letters]
    if not digits and letters in _BINARY:
        return "BinarySI", _BINARY[letters]
    if letters in ("e", "E") and digits.strip("+-") and abs(int(digits)) < 2**31:
        return "DecimalExponent", int(digits)
    raise ValueError(f"{letters}{digits} is not a quantity's suffix; write n, u, m, k, M, G, T, P, E or Ki, Mi, Gi …")


def _away_from_zero(value: int, digits: int) -> int:
    if digits > 400:
        return (value > 0) - (value < 0)
    whole, rest = divmod(abs(value), _power(digits))
    return (whole + (rest != 0)) * (-1 if value < 0 else 1)


def _power(digits: int) -> int:
    result: int = 10**digits
    return result
