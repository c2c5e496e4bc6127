"""Work that several do at once, and of which the first does most for all: it goes alone, the others wait and are quick.

Two builds that have a layer in common would both make it, and both push it: an engine without BuildKit does not see
that they are the same, and a registry takes a layer from another repository only once it has it.
"""

import contextlib
import threading
from collections import defaultdict
from collections.abc import Iterator

_locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
_done: set[str] = set()


@contextlib.contextmanager
def first_alone(*keys: str) -> Iterator[None]:
    """Go alone where nobody has come to an end of one of `keys` yet in this process; one that fails is not the first.

    All who have several keys in common name them in the same order.
    """
    with contextlib.ExitStack() as held:
        for key in keys:
            _enter(key, held)
        yield
        _done.update(keys)


def _enter(key: str, held: contextlib.ExitStack) -> None:
    if key in _done:
        return
    lock = _locks[key]
    lock.acquire()
    if key in _done:
        lock.release()
    else:
        held.callback(lock.release)
