"""Random cases run by the real HPA controller, with everything that it saw and decided at each sync.

How a sync is made comparable. The controller's own log says when it decided what (to the microsecond) at each sync.
The API server's audit log has the scale that it read. Between two syncs the target and its pods change as the case
wants; the answer to the next request for metrics is held back until the controller's caches have had time to follow.
It is also held back while the end of any window or period of this autoscaler is near, so no decision hangs on a few
milliseconds; `agreement.Compared.doubt` tells where that did not work. Runs of `ties` do the contrary: nothing changes
and nothing is held back, so that every sync comes just after the end of some window.
"""

import contextlib
import json
import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import IO

from hpa import manifest
from hpa.replicas import Pod, Reading
from hpa.spec import Autoscaler, Controller
from tests.hpa import cases, metrics_server, observed
from tests.hpa.cases import Case, Json
from tests.hpa.control_plane import Api, ControlPlane

SETTLE = 0.25
# How long before and after the end of a window the controller is kept from deciding.
AFTER, BEFORE = 0.03, 0.15
# How long, at most, the first sync takes from its reading of the scale, which it remembers, to its first request.
FIRST = 0.5
RIVAL = "rival"
DEPLOYMENTS = "/apis/apps/v1/namespaces"
HPAS = "/apis/autoscaling/v2/namespaces"


@dataclass(frozen=True)
class Seen:
    """One sync of the real controller. `proposed` and `desired` are its log's; no `desired` means that it failed.

    `settled` is when the target and its pods were last changed before it ended.
    Times of day: first request for metrics (or `time`), first answer, decision, and the change of replicas.
    """

    asked: float
    answered: float
    time: float
    stored: float
    pods: Sequence[Pod]
    readings: Sequence[Reading]
    proposed: int | None
    desired: int | None
    settled: float = 0.0
    began: float = 0.0
    wanted: int = 0
    present: int = 0


@dataclass(frozen=True)
class Edit:
    """The autoscaler as it is from some time on: surely not before `begun`, surely after `done`."""

    begun: float
    done: float
    autoscaler: Autoscaler


@dataclass
class Rival:
    """Another autoscaler under the same selector. It counts from its own first sync on."""

    made: float
    ending: float = float("inf")
    ended: float = float("inf")
    synced: float = float("inf")


@dataclass
class Live:
    """A case while it runs. The lock guards everything."""

    case: Case
    autoscaler: Autoscaler
    wanted: int
    present: int
    pods: dict[str, Json]
    walk: cases.Walk
    dice: random.Random
    lock: threading.Lock = field(default_factory=threading.Lock)
    settled: float = 0.0
    busy: bool = False
    asked: float | None = None
    answered: float | None = None
    proposal: tuple[float, int] | None = None
    readings: list[Reading] = field(default_factory=list)
    syncs: list[Seen] = field(default_factory=list)
    late: str = ""
    # What waits for the next sync to have begun.
    pending: Callable[[], None] | None = None
    edits: list[Edit] = field(default_factory=list)
    rivals: list[Rival] = field(default_factory=list)
    # What the API server recorded of the target's scale.
    events: list[Json] = field(default_factory=list)

    @property
    def asked_for(self) -> Sequence[int]:
        """The places of the metrics that the controller asks the APIs for."""
        return [place for place, metric in enumerate(self.autoscaler.metrics) if metric.target != "Unusable"]

    @property
    def first(self) -> float:
        """When the first sync read the scale."""
        return observed.seconds(self._reads()[0]["stageTimestamp"])

    @property
    def updates(self) -> list[int]:
        """Every number of replicas that the controller set."""
        set_ = [event for event in self.events if event["verb"] == "update" and event["responseStatus"]["code"] == 200]
        return [event["requestObject"]["spec"].get("replicas", 0) for event in set_]

    @property
    def seen(self) -> list[Seen]:
        """The syncs, with the replicas that each really read."""
        reads = self._reads()
        # The controller may have been stopped in the middle of its last sync.
        assert 0 <= len(reads) - len(self.syncs) <= 1, f"{self.case.name}: the logs do not belong together"
        return [
            replace(
                sync,
                began=observed.seconds(read["stageTimestamp"]),
                wanted=read["responseObject"]["spec"].get("replicas", 0),
                present=read["responseObject"]["status"]["replicas"],
            )
            for sync, read in zip(self.syncs, reads, strict=False)
        ]

    def _reads(self) -> list[Json]:
        """The scale as each sync began with it; after a refused update the controller reads it again within a sync."""
        before = [{"responseStatus": {"code": 0}}, *self.events]
        return [
            event
            for last, event in zip(before, self.events, strict=False)
            if event["verb"] == "get" and last["responseStatus"]["code"] < 300
        ]

    def near_end(self, now: float, controller: Controller) -> bool:
        """Whether a window or a policy's period of something that happened ends about now."""
        first = self.syncs[0].asked if self.syncs else self.asked
        for moment, duration in self._ends(controller):
            early = FIRST if moment == first else 0.0
            if -AFTER - early < moment + duration - early - now < BEFORE:
                return True
        return False

    def _ends(self, controller: Controller) -> list[tuple[float, float]]:
        times = {moment for sync in self.syncs for moment in (sync.asked, sync.time, sync.stored)}
        times |= {self.asked} if self.asked else set()
        durations = {one for edit in self.edits for one in windows(edit.autoscaler, controller)}
        return [(moment, duration) for moment in times for duration in durations]

    def pod_ends(self, controller: Controller) -> list[float]:
        """Instants at which a pod's initialisation ends."""
        started = [entry.get("status", {}).get("startTime") for entry in self.pods.values()]
        return [observed.seconds(moment) + controller.cpu_initialization for moment in started if moment]


def windows(autoscaler: Autoscaler, controller: Controller) -> set[float]:
    behavior = autoscaler.behavior
    if behavior is None:
        return {controller.downscale_stabilization}
    periods = {policy.period for rules in (behavior.up, behavior.down) for policy in rules.policies}
    return {float(w) for w in (behavior.up.window or 0, controller.down_window(behavior.down), *periods) if w}


class Run:
    """Cases under one controller."""

    def __init__(
        self, plane: ControlPlane, controller: Controller, batch: Sequence[Case], syncs: int, *, ties: bool = False
    ) -> None:
        self.plane, self.controller, self.wanted_syncs, self.ties = plane, controller, syncs, ties
        self.live = {case.name: _live(case) for case in batch}
        self.workers = ThreadPoolExecutor(24)

    @property
    def api(self) -> Api:
        return self.plane.api

    def run(self, seconds: float) -> dict[str, Live]:
        """Every case with its syncs, once each has enough of them. Raises TimeoutError."""
        list(self.workers.map(self._create, self.live.values()))
        with self.plane.controller(cases.flags(self.controller)) as process:
            assert process.stderr
            reader = threading.Thread(target=self._follow, args=(process.stderr,), daemon=True)
            reader.start()
            end = time.monotonic() + seconds
            while short := [name for name, live in self.live.items() if len(live.syncs) < self.wanted_syncs]:
                if time.monotonic() > end:
                    raise TimeoutError(f"{len(short)} cases had too few syncs after {seconds:g} s: {short[:5]}")
                time.sleep(0.2)
        reader.join(10)
        self.workers.shutdown()
        for live in self.live.values():
            self._end(live)
        for event in self.plane.scalings():
            case = self.live.get(event["objectRef"]["namespace"])
            if case and event["objectRef"]["name"] == RIVAL:
                _synced(case.rivals, observed.seconds(event["stageTimestamp"]))
            elif case:
                case.events.append(event)
        return self.live

    def answer(self, path: str) -> metrics_server.Answer:
        """What the metrics APIs say; called by their server, each time in a thread of its own."""
        live = self.live.get(path.split("/namespaces/", 1)[1].split("/")[0])
        if live is None or path.endswith(f"/{RIVAL}"):
            return 404, {"kind": "Status", "code": 404}
        arrived = time.time()
        with live.lock:
            asked_for, place = live.asked_for, len(live.readings)
            if place >= len(asked_for):
                live.late = f"more requests in a sync than metrics: {path}"
                return 404, {"kind": "Status", "code": 404}
            metric = live.autoscaler.metrics[asked_for[place]]
            if not _belongs(path, metric.source, metric.name):
                live.late = f"asked for {path} in place of {metric}"
            if place == 0:
                live.asked = arrived
                pending, live.pending = live.pending, None
        if place == 0 and pending:
            # The sync has its copy of the autoscaler already; the next has a second to see what changes now.
            self.workers.submit(pending)
        if not self.ties:
            self._hold(live, first=place == 0, last=place == len(asked_for) - 1)
        with live.lock:
            now = time.time()
            live.answered = live.answered or now
            pods, extreme = list(live.pods.values()), live.case.wild.extreme
            status, body = cases.answer(live.dice, metric, pods, live.wanted, live.walk.level, int(now), extreme)
            live.readings.append(observed.reading(metric, status, body))
        return status, body

    def _hold(self, live: Live, *, first: bool, last: bool) -> None:
        end = time.time() + 8
        while time.time() < end:
            with live.lock:
                now = time.time()
                wait = live.busy or now < live.settled + SETTLE
                if first:
                    wait |= any(-AFTER < moment - now < 0.6 for moment in live.pod_ends(self.controller))
                if first or last:
                    wait |= live.near_end(now, self.controller)
            if not wait:
                return
            time.sleep(0.01)
        live.late = "no moment was far enough from the end of every window"

    def _follow(self, log: IO[str]) -> None:
        for line in log:
            with contextlib.suppress(json.JSONDecodeError):
                entry = json.loads(line)
                if isinstance(entry, dict):
                    self._logged(entry)

    def _logged(self, entry: Json) -> None:
        message, moment = entry.get("msg"), entry.get("ts", 0) / 1000
        error = str(entry.get("err"))
        if message == "Proposing desired replicas":
            live = self.live[entry["scaleTarget"].split("/")[1]]
            with live.lock:
                live.proposal = (moment, entry["desiredReplicas"])
        elif message == "Decided not to scale":
            self._decided(entry["scaleTarget"].split("/")[1], moment, entry["desiredReplicas"])
        elif message == "Successfully rescaled":
            self._decided(entry["HPA"]["namespace"], moment, entry["desiredReplicas"])
        elif "failed to compute desired number of replicas" in error or "failed to rescale" in error:
            namespace, name = error.split("Deployment/")[1].split(":")[0].split("/")
            if name != RIVAL:
                self._decided(namespace, moment, None)
        elif "failed to query scale" in error:
            raise AssertionError(error)

    def _decided(self, name: str, moment: float, desired: int | None) -> None:
        live = self.live[name]
        with live.lock:
            proposed = live.proposal
            readings: list[Reading] = [None] * len(live.autoscaler.metrics)
            for place, reading in zip(live.asked_for, live.readings, strict=False):
                readings[place] = reading
            live.syncs.append(
                Seen(
                    asked=live.asked or moment,
                    answered=live.answered or moment,
                    time=proposed[0] if proposed else moment,
                    stored=moment,
                    pods=[observed.pod(entry) for entry in live.pods.values()],
                    readings=tuple(readings) if len(live.readings) == len(live.asked_for) else (),
                    proposed=proposed[1] if proposed else None,
                    desired=desired,
                    settled=live.settled,
                )
            )
            live.asked, live.answered, live.proposal, live.readings = None, None, None, []
            if desired is not None:
                live.wanted = desired
            if self.ties:
                live.walk.next(live.dice)
            if self.ties or live.busy or len(live.syncs) >= self.wanted_syncs:
                return
            live.busy = True
        self.workers.submit(self._change, live)

    def _change(self, live: Live) -> None:
        try:
            with live.lock:
                live.walk.next(live.dice)
                high, step, wild = live.autoscaler.max, len(live.syncs), live.case.wild
                pods = list(live.pods.values())
                change = cases.change(live.dice, wild, pods, live.wanted, high, int(time.time()), step)
            self._apply(live, change)
            behavior, rival = change.behavior, change.rival
            if behavior is not None:
                live.pending = lambda: self._edit(live, behavior)
            elif rival:
                live.pending = lambda: self._compete(live, there=True)
            elif rival is False:
                self._compete(live, there=False)
        except Exception as error:
            live.late = f"the target could not be changed: {error}"
        with live.lock:
            live.settled, live.busy = time.time(), False

    def _apply(self, live: Live, change: cases.Change) -> None:
        name = live.case.name
        deployment = f"{DEPLOYMENTS}/{name}/deployments/{name}"
        if change.wanted is not None:
            self.api.patch(deployment, {"spec": {"replicas": change.wanted}})
            live.wanted = change.wanted
        if change.present is not None and change.present != live.present:
            self.api.patch(f"{deployment}/status", {"status": {"replicas": change.present}})
            live.present = change.present
        for entry in change.pods:
            self._put_pod(live, entry)
        for pod in change.deleted:
            answer = self.api.call("DELETE", f"/api/v1/namespaces/{name}/pods/{pod}")
            live.pods[pod] = {**live.pods[pod], "metadata": answer["metadata"]}

    def _edit(self, live: Live, behavior: Json) -> None:
        place, begun = f"{HPAS}/{live.case.name}/horizontalpodautoscalers/{live.case.name}", time.time()
        # A merge patch would keep what the old one has and the new one has not.
        self.api.patch(place, {"spec": {"behavior": None}})
        stored = self.api.patch(place, {"spec": behavior})["spec"]
        spec = {key: value for key, value in stored.items() if key != "scaleTargetRef"}
        live.edits.append(Edit(begun, time.time(), manifest.from_spec(spec, live.case.name)))

    def _compete(self, live: Live, *, there: bool) -> None:
        place = f"{HPAS}/{live.case.name}/horizontalpodautoscalers"
        here = bool(live.rivals) and live.rivals[-1].ended == float("inf")
        if there and not here:
            live.rivals.append(Rival(time.time()))
            metric = {"metric": {"name": RIVAL}, "target": {"type": "Value", "value": "1"}}
            spec = {"maxReplicas": 1, "metrics": [{"type": "External", "external": metric}]}
            target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": RIVAL}
            self.api.call("POST", place, {"metadata": {"name": RIVAL}, "spec": {"scaleTargetRef": target, **spec}})
        elif here and not there:
            live.rivals[-1].ending = time.time()
            self.api.call("DELETE", f"{place}/{RIVAL}")
            live.rivals[-1].ended = time.time()

    def _put_pod(self, live: Live, entry: Json) -> None:
        place, name = f"/api/v1/namespaces/{live.case.name}/pods", entry["metadata"]["name"]
        if name not in live.pods:
            self.api.call("POST", place, {**entry, "status": {}})
        status = {**dict.fromkeys(("startTime", "conditions")), **entry["status"]}
        self.api.patch(f"{place}/{name}/status", {"status": status})
        live.pods = {**live.pods, name: entry}

    def _create(self, live: Live) -> None:
        name = live.case.name
        template = {"metadata": {"labels": {"app": "target"}}, "spec": {"containers": [{"name": "main", "image": "x"}]}}
        self.api.call("POST", "/api/v1/namespaces", {"metadata": {"name": name}})
        for each in (name, RIVAL) if live.case.wild.rival else (name,):
            self.api.call(
                "POST",
                f"{DEPLOYMENTS}/{name}/deployments",
                {
                    "metadata": {"name": each},
                    "spec": {"replicas": 1, "selector": {"matchLabels": {"app": "target"}}, "template": template},
                },
            )
        self._apply(live, cases.Change(live.case.pods, (), live.case.replicas, live.case.replicas))
        target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": name}
        self.api.call(
            "POST",
            f"{HPAS}/{name}/horizontalpodautoscalers",
            {"metadata": {"name": name}, "spec": {"scaleTargetRef": target, **live.case.spec}},
        )

    def _end(self, live: Live) -> None:
        self.api.call("DELETE", f"{HPAS}/{live.case.name}/horizontalpodautoscalers")


def _live(case: Case) -> Live:
    dice = random.Random(f"{case.seed}/live")
    autoscaler = manifest.from_spec(case.spec, case.name)
    edits = [Edit(0.0, 0.0, autoscaler)]
    return Live(case, autoscaler, case.replicas, 0, {}, case.walk, dice, edits=edits)


def _synced(rivals: Sequence[Rival], moment: float) -> None:
    """The rival's first sync after it was made."""
    for rival in rivals:
        if rival.made <= moment < rival.ended:
            rival.synced = min(rival.synced, moment)


def _belongs(path: str, source: str, name: str) -> bool:
    if source in ("Resource", "ContainerResource"):
        return path.startswith("/apis/metrics.k8s.io/")
    group = "external" if source == "External" else "custom"
    return path.startswith(f"/apis/{group}.metrics.k8s.io/") and path.endswith(f"/{name}")


@contextlib.contextmanager
def serving(plane: ControlPlane) -> Iterator[list[Run]]:
    """The metrics APIs; they answer for the last run in the list."""
    runs: list[Run] = []

    def answer(path: str) -> metrics_server.Answer:
        return runs[-1].answer(path) if runs else (404, {"kind": "Status", "code": 404})

    with metrics_server.running(plane, answer):
        yield runs
