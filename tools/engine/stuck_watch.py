"""Watches the pods of a stack while Pulumi waits for them, and ends the wait when no waiting helps."""

import contextlib
import threading
import time
from collections.abc import Callable, Collection, Iterator

from components.clients.cluster_api import Cluster, ClusterError
from components.clients.stuck_pods import Stuck, stuck
from components.settings import Settings, parts

EVERY = 5.0  # seconds


def places(settings: Settings) -> set[str]:
    """The namespaces that an `up` of the stack puts pods into."""
    teams = {team.name for team in settings.teams}
    return parts.own_namespaces(settings) | teams | {settings.namespaces.data, settings.namespaces.models}


class Watch:
    """One look after another; what was stuck before the first is left to the `up` that may mend it."""

    def __init__(self, namespaces: Collection[str], clock: Callable[[], float] = time.monotonic) -> None:
        self._namespaces, self._clock = namespaces, clock
        self._since: dict[tuple[str, str], float] = {}
        self._before: set[tuple[str, str]] | None = None

    def begin(self, cluster: Cluster) -> list[Stuck]:
        """What is stuck already. Raises ClusterError."""
        found = stuck(cluster, self._namespaces)
        self._before = {each.key for each in found}
        return found

    def look(self, cluster: Cluster) -> list[Stuck]:
        """What is stuck since, and long enough to be believed. Raises ClusterError."""
        found = [each for each in stuck(cluster, self._namespaces) if each.key not in (self._before or ())]
        now = self._clock()
        self._since = {each.key: self._since.get(each.key, now) for each in found}
        return [each for each in found if now - self._since[each.key] >= each.patience]


@contextlib.contextmanager
def watched(
    connect: Callable[[], Cluster | None], namespaces: Collection[str], say: Callable[[str], None]
) -> Iterator[threading.Event]:
    """Inside, the event that is given is set when something is stuck; what it was is said at the end.

    `connect` finds the cluster once it is there.
    """
    watch, stop, ended = Watch(namespaces), threading.Event(), threading.Event()
    reasons: list[str] = []
    with contextlib.suppress(ClusterError):
        if cluster := connect():
            for each in watch.begin(cluster):
                say(f"stuck from before: {each}")
    thread = threading.Thread(target=_watch, args=(connect, watch, reasons, stop, ended), daemon=True)
    thread.start()
    try:
        yield stop
    finally:
        ended.set()
        thread.join()
        # Last, because what was ended says much of its own.
        for reason in reasons:
            say(f"ended, because no waiting helps: {reason}")


def _watch(
    connect: Callable[[], Cluster | None],
    watch: Watch,
    reasons: list[str],
    stop: threading.Event,
    ended: threading.Event,
) -> None:
    while not ended.wait(EVERY) and not stop.is_set():
        # A cluster that is not made yet, or does not answer for a moment, is asked again.
        with contextlib.suppress(ClusterError):
            cluster = connect()
            if cluster and (found := watch.look(cluster)):
                reasons += map(str, found)
                stop.set()
