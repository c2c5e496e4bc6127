"""Who holds a stack's lock, and what becomes of one whose holder was killed."""

import contextlib
import re
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import psutil

from components.clients import private
from components.clients.process import CommandFailed, run
from tools.engine import strays, unmade
from tools.engine.stack import ROOT

# Pulumi's words, of every backend that is a folder or a bucket (pulumi/pkg/backend/diy/lock.go).
_HELD = re.compile(
    r"(?:/locks/organization/(?P<project>[^/\s]+)/\S+: )?"
    r"created by (?P<user>.+)@(?P<host>\S+) \(pid (?P<pid>\d+)\) at (?P<since>\S+)"
)
# Seconds by which what the clock said then and says now may differ.
_CLOCK = 5.0
# Seconds that Pulumi may take to its lock.
_LOCKED_WITHIN = 600.0


@dataclass(frozen=True)
class Holder:
    user: str
    host: str
    pid: int
    since: str
    stack: str
    project: str = ""

    @property
    def killed(self) -> bool:
        """Whether it ran here, and does no more. Another machine may have the same name: there it cannot be known."""
        if self.host != socket.gethostname() or not self._begun_here:
            return False
        try:
            process = psutil.Process(self.pid)
            # Its number may be another's by now, who was not there when the lock was made.
            later = process.create_time() > self._since + _CLOCK
            return later or not strays.lives(process) or "pulumi" not in process.name()
        except psutil.NoSuchProcess:
            return True

    @property
    def _begun_here(self) -> bool:
        """Whether a run of this checkout began it, which then took the lock."""
        record = _records(self.stack) / str(self.pid)
        return record.is_file() and -_CLOCK <= self._since - record.stat().st_mtime <= _LOCKED_WITHIN

    @property
    def _since(self) -> float:
        return datetime.fromisoformat(self.since).timestamp()

    def __str__(self) -> str:
        return f"{self.user} on {self.host} (process {self.pid}), since {self.since}"


class Locks:
    """The holders that Pulumi names while it speaks."""

    def __init__(self, stack: str) -> None:
        self.stack = stack
        self.holders: list[Holder] = []

    def begun(self, pid: int) -> None:
        """Have Pulumi's process on record."""
        if self.stack:
            (private.folder(_records(self.stack)) / str(pid)).touch()

    def read(self, line: str) -> None:
        if found := _HELD.search(line):
            pid, project = int(found["pid"]), found["project"] or ""
            self.holders.append(Holder(found["user"], found["host"], pid, found["since"], self.stack, project))


def held(stack: str, env: Mapping[str, str], attempt: Callable[[Locks], int], *, dead: bool = False) -> int:
    """Pulumi's exit code; where a killed run's lock was in the way, of a second attempt without it.

    `dead`: a person says that whoever holds it is.
    """
    locks = Locks(stack)
    code = attempt(locks)
    if not code:
        _forget_dead(stack)
    if not code or not locks.holders:
        return code
    if not dead and not all(each.killed for each in locks.holders):
        held_by = "; ".join(map(str, locks.holders))
        print(f"somebody else works on {stack}: {held_by}. Nothing was done", file=sys.stderr)
        print(f"If that run is dead, and of another checkout: make cancel STACK={stack}", file=sys.stderr)
        return code
    print(f"the lock of a run that was killed is taken away: {'; '.join(map(str, locks.holders))}", flush=True)
    _take_away(stack, locks.holders, env)
    return held(stack, env, attempt)


def _take_away(stack: str, holders: Sequence[Holder], env: Mapping[str, str]) -> None:
    try:
        run(["pulumi", "cancel", "--yes", "--stack", stack], env=env)
    except CommandFailed as error:
        if "no stack named" not in str(error):
            raise
        unmade.unlock(holders[0].project, stack, env)


def _records(stack: str) -> Path:
    """A file for each process of Pulumi's that runs of this checkout began on the stack."""
    return (ROOT / stack / "engines").absolute()


def _forget_dead(stack: str) -> None:
    """A run that ended well had the lock: nobody else of this checkout has one."""
    if not stack:
        return
    for record in _records(stack).glob("*"):
        if not psutil.pid_exists(int(record.name)):
            record.unlink(missing_ok=True)
    # A preview from nothing leaves no stack here, and no folder of one.
    with contextlib.suppress(OSError):
        _records(stack).rmdir()
        _records(stack).parent.rmdir()
