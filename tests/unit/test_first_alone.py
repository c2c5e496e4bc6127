"""The first of several that have something in common goes alone; the others go together, after it."""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest

from components.clients.first_alone import first_alone

Key = Callable[[str], str]


class Workers:
    """Three who work by their keys; all but the `alone` first of them wait for each other while they are at work."""

    def __init__(self, alone: int) -> None:
        self.lock, self.now, self.begun, self.alone = threading.Lock(), 0, 0, alone
        self.together = threading.Barrier(3 - alone)
        self.beside_the_first = 0

    def work(self, keys: Sequence[str]) -> None:
        with first_alone(*keys):
            with self.lock:
                self.now += 1
                self.begun += 1
                number = self.begun
            if number <= self.alone:
                time.sleep(0.1)
                self.beside_the_first += self.now - 1
            else:
                self.together.wait(timeout=30)
            with self.lock:
                self.now -= 1

    def run(self, *keys: Sequence[str]) -> None:
        """Raises BrokenBarrierError where those that should go together do not."""
        with ThreadPoolExecutor(3) as pool:
            list(pool.map(self.work, keys))
        assert self.beside_the_first == 0


@pytest.fixture
def key() -> Key:
    """Names that no other test has used in this process."""
    own = uuid4().hex
    return lambda name: f"{own} {name}"


def test_of_three_images_of_one_server_the_first_is_made_alone(key: Key) -> None:
    Workers(alone=1).run(*[[key("server")]] * 3)


def test_images_that_have_nothing_in_common_do_not_wait(key: Key) -> None:
    Workers(alone=0).run([key("a")], [key("b")], [key("c")])


def test_environments_of_one_server_are_made_together_once_the_server_is_there(key: Key) -> None:
    Workers(alone=1).run(*[[key("server"), key(name)] for name in ("first", "second", "third")])


def test_after_one_that_failed_the_next_goes_alone(key: Key) -> None:
    with pytest.raises(OSError, match="no space"), first_alone(key("server")):
        raise OSError("no space")
    Workers(alone=1).run(*[[key("server")]] * 3)
