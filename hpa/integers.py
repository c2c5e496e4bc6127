"""Go's integers, where Python's would give another result."""

import math

MAX_INT32 = 2**31 - 1
MIN_INT32 = -(2**31)
MAX_INT64 = 2**63 - 1


def quotient(dividend: int, divisor: int) -> int:
    """Go's `/`: towards zero."""
    result = abs(dividend) // abs(divisor)
    return result if (dividend < 0) == (divisor < 0) else -result


def ceiling(value: float) -> int:
    """`int32(math.Ceil(value))` on amd64: what does not fit becomes the smallest number."""
    if not MIN_INT32 - 1 < value <= MAX_INT32:
        return MIN_INT32
    return math.ceil(value)


def wrapped(value: int) -> int:
    """An int32 sum: past the largest number it goes on from the smallest."""
    return (value - MIN_INT32) % 2**32 + MIN_INT32
