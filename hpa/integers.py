"""Go's numbers, where Python's would give another result."""

import math

MAX_INT32 = 2**31 - 1
MIN_INT32 = -(2**31)
MAX_INT64 = 2**63 - 1
MIN_INT64 = -(2**63)


def int32(value: int) -> int:
    """Past the largest number it goes on from the smallest."""
    return (value - MIN_INT32) % 2**32 + MIN_INT32


def int64(value: int) -> int:
    """Past the largest number it goes on from the smallest."""
    return (value - MIN_INT64) % 2**64 + MIN_INT64


def quotient(dividend: int, divisor: int) -> int:
    """Go's `/` of two int64: towards zero."""
    result = abs(dividend) // abs(divisor)
    return result if (dividend < 0) == (divisor < 0) else int64(-result)


def ratio(dividend: int, divisor: float) -> float:
    """`float64(dividend) / float64(divisor)`: both are rounded first, and nothing is an error."""
    try:
        return float(dividend) / float(divisor)
    except ZeroDivisionError:
        return math.nan if dividend == 0 else math.copysign(math.inf, dividend)


def ceiling(value: float) -> int:
    """`int32(math.Ceil(value))` on amd64: what does not fit becomes the smallest number."""
    if not MIN_INT32 - 1 < value <= MAX_INT32:
        return MIN_INT32
    return math.ceil(value)


def truncated(value: float) -> int:
    """`int32(value)` on amd64: towards zero, and what does not fit becomes the smallest number."""
    if not MIN_INT32 - 1 < value < MAX_INT32 + 1:
        return MIN_INT32
    return int(value)
