"""Where images and their digests come from."""

from collections.abc import Iterator

from components.settings import image_lock as lock
from components.settings.problems import Problem, fault
from components.settings.stack import Settings


def check(settings: Settings) -> Iterator[Problem]:
    try:
        lock.digests(settings.image_lock)
    except lock.LockError as error:
        yield fault(("imageLock",), settings.image_lock or lock.DEFAULT, str(error))
