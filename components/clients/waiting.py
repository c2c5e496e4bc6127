"""One way to wait: ask what is still pending, until nothing is or the time is up."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def wait_out(pending: Callable[[], T], seconds: float, every: float = 0.5) -> T:
    """Ask until `pending` gives something empty; return its last answer, which is not empty when it took too long."""
    deadline = time.monotonic() + seconds
    while (answer := pending()) and time.monotonic() < deadline:
        time.sleep(every)
    return answer
