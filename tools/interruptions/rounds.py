"""One interruption after another: begin a verb, cut it off, run it again, look at what is left."""

import contextlib
import itertools
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from components.dynamic import kind_cluster
from components.errors import SlipwayError
from tools.interruptions import traces
from tools.interruptions.victim import Victim

SIGNALS = {"INT": signal.SIGINT, "TERM": signal.SIGTERM, "KILL": signal.SIGKILL}
VERBS = ("up", "destroy")
# Seconds in which an interrupted command has to end, whatever is under way.
ENDS_WITHIN = 600.0
# How much longer than its last whole run a verb may go on: its end is to be met too, on a machine that got busier.
_LONGER = 1.25
_LOG = Path("interruptions.log")
_RUN = "--- "

Say = Callable[[str], None]


@dataclass(frozen=True)
class Outcome:
    verb: str
    signal: str
    after: float
    # What was wrong; empty where the next run mended all.
    faults: tuple[str, ...]


class Interruptions:
    """`moment` is a chance number of seconds of a run that takes so many."""

    def __init__(self, victim: Victim, moments: random.Random, say: Say) -> None:
        self.victim, self.moments, self.say = victim, moments, say
        self.lasts: dict[str, float] = {}
        # In a session of its own, so that no signal to this command reaches it.
        self._run: subprocess.Popen[bytes] | None = None

    def close(self) -> None:
        """End the run that is under way, with all that it started, and remove the kind cluster that it left."""
        self._end()
        if self.victim.kind and kind_cluster.there(self.victim.kind):
            self.say(f"removing the kind cluster {self.victim.kind}")
            try:
                self._begun("destroy").wait()
            finally:
                self._end()

    def _end(self) -> None:
        if self._run and self._run.poll() is None:
            _kill(self._run, whole=True)

    def measured(self) -> None:
        """How long each verb takes when nobody interrupts it. Raises SlipwayError for one that fails."""
        for verb in VERBS:
            started = time.monotonic()
            if faults := self._whole(verb):
                raise SlipwayError(f"`{verb}` fails without any interruption: {'; '.join(faults)}")
            self.lasts[verb] = time.monotonic() - started
            self.say(f"an uninterrupted {verb} takes {self.lasts[verb]:.1f} s")

    def rounds(self, signals: Sequence[str], verbs: Sequence[str], count: int) -> Iterator[Outcome]:
        """Cut off each verb with each signal so many times.

        A verb that is not to be cut off is run whole in its turn: a destroy needs something that is up.
        """
        for number, name in itertools.product(range(count), signals):
            for verb in VERBS:
                if verb in verbs:
                    yield self._interrupted(verb, name, number)
                elif faults := self._whole(verb):
                    raise SlipwayError(f"`{verb}` between two interruptions failed: {'; '.join(faults)}")

    def _interrupted(self, verb: str, name: str, number: int) -> Outcome:
        run, after = self._under_way(verb)
        faults: list[str] = []
        if SIGNALS[name] is signal.SIGKILL:
            _kill(run, whole=bool(number % 2))
        else:
            run.send_signal(SIGNALS[name])
            faults += self._ended(run)
        faults += [f"the next {verb}: {each}" for each in self._whole(verb)]
        return Outcome(verb, name, after, tuple(faults))

    def _under_way(self, verb: str) -> "tuple[subprocess.Popen[bytes], float]":
        """The verb at a chance moment, and that. Raises SlipwayError for one that fails by itself."""
        while True:
            after, started = self.moments.uniform(0, _LONGER * self.lasts[verb]), time.monotonic()
            run = self._begun(verb)
            try:
                code = run.wait(after)
            except subprocess.TimeoutExpired:
                return run, after
            # It was over before: begun again, from where it began.
            self.lasts[verb] = time.monotonic() - started
            [other] = {*VERBS} - {verb}
            if code:
                self._tell_why(verb, code)
            if code or self._whole(other):
                raise SlipwayError(f"`{verb}` failed without any interruption")

    def _ended(self, run: "subprocess.Popen[bytes]") -> Iterator[str]:
        """What is wrong after a signal that a command can act on."""
        try:
            run.wait(ENDS_WITHIN)
        except subprocess.TimeoutExpired:
            _kill(run, whole=True)
            yield f"did not end within {ENDS_WITHIN:.0f} s"
        else:
            yield from (f"left {each}" for each in traces.of_a_run(Path()))

    def _whole(self, verb: str) -> list[str]:
        """Run the verb to its end; what is wrong then."""
        code = self._begun(verb).wait()
        if code:
            self._tell_why(verb, code)
        return [*([f"exit code {code}"] if code else []), *self.victim.left(verb)]

    def _tell_why(self, verb: str, code: int) -> None:
        """Say the last run's own words: its log goes with the checkout."""
        self.say(f"{verb} ended with {code}:\n{_LOG.read_text(errors='replace').rpartition(_RUN)[2][-4000:]}")

    def _begun(self, verb: str) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "tools", verb, self.victim.stack.name]
        with _LOG.open("ab") as log, _interruptible():
            log.write(f"{_RUN}{verb}\n".encode())
            self._run = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
            return self._run


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    """Have what is started here take SIGINT: a shell makes what it runs in the background ignore it, and that is
    inherited."""
    before = signal.getsignal(signal.SIGINT)
    if before == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _kill(run: "subprocess.Popen[bytes]", *, whole: bool) -> None:
    """End the command as the kernel does that is short of memory; `whole`, as a machine that goes down."""
    family = [psutil.Process(run.pid), *(psutil.Process(run.pid).children(recursive=True) if whole else [])]
    for each in family:
        try:
            each.kill()
        except psutil.NoSuchProcess:
            continue
    run.wait()


def summary(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """Such as `20 of 20: up after SIGTERM`."""
    for verb, name in dict.fromkeys((each.verb, each.signal) for each in outcomes):
        own = [each for each in outcomes if (each.verb, each.signal) == (verb, name)]
        yield f"{sum(not each.faults for each in own)} of {len(own)}: {verb} after SIG{name}"
