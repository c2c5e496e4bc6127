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
    installed = [part for part in parts.PARTS if part.installed(settings)]
    shared = {namespace.name for part in installed for namespace in part.namespaces if namespace.shared}
    own = {namespace.name for part in installed for namespace in part.namespaces}
    teams = {team.name for team in settings.teams}
    return (own - shared) | teams | {settings.namespaces.data, settings.namespaces.models}


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
    """Inside, what is stuck is said, and sets the event that is given; `connect` finds the cluster once it is there."""
    watch, stop, ended = Watch(namespaces), threading.Event(), threading.Event()
    with contextlib.suppress(ClusterError):
        if cluster := connect():
            for each in watch.begin(cluster):
                say(f"stuck from before: {each}")
    thread = threading.Thread(target=_watch, args=(connect, watch, say, stop, ended), daemon=True)
    thread.start()
    try:
        yield stop
    finally:
        ended.set()
        thread.join()


def _watch(
    connect: Callable[[], Cluster | None],
    watch: Watch,
    say: Callable[[str], None],
    stop: threading.Event,
    ended: threading.Event,
) -> None:
    while not ended.wait(EVERY) and not stop.is_set():
        # A cluster that is not made yet, or does not answer for a moment, is asked again.
        with contextlib.suppress(ClusterError):
            cluster = connect()
            if cluster and (found := watch.look(cluster)):
                for each in found:
                    say(f"stuck: {each}")
                say("waiting does not help: ending the up; when it is mended, the same command goes on")
                stop.set()
