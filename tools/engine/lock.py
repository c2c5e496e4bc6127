"""Who holds a stack's lock, and what becomes of one whose holder was killed."""

import re
import socket
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

import psutil

from components.clients.process import CommandFailed, run
from tools.engine import strays

# Pulumi's words, of every backend that is a folder or a bucket (pulumi/pkg/backend/diy/lock.go).
_HELD = re.compile(r"created by (?P<user>.+)@(?P<host>\S+) \(pid (?P<pid>\d+)\) at (?P<since>\S+)")
# Seconds by which what the clock said then and says now may differ.
_CLOCK = 5.0


@dataclass(frozen=True)
class Holder:
    user: str
    host: str
    pid: int
    since: str

    @property
    def killed(self) -> bool:
        """Whether it ran on this machine, and does no more."""
        if self.host != socket.gethostname():
            return False
        try:
            process = psutil.Process(self.pid)
            # Its number may be another's by now, who was not there when the lock was made.
            later = process.create_time() > datetime.fromisoformat(self.since).timestamp() + _CLOCK
            return later or not strays.lives(process) or "pulumi" not in process.name()
        except psutil.NoSuchProcess:
            return True

    def __str__(self) -> str:
        return f"{self.user} on {self.host} (process {self.pid}), since {self.since}"


class Locks:
    """The holders that Pulumi names while it speaks."""

    def __init__(self) -> None:
        self.holders: list[Holder] = []

    def read(self, line: str) -> None:
        if found := _HELD.search(line):
            self.holders.append(Holder(found["user"], found["host"], int(found["pid"]), found["since"]))


def held(stack: str, env: Mapping[str, str], attempt: Callable[[Locks], int]) -> int:
    """Pulumi's exit code; where a killed run's lock was in the way, of a second attempt without it."""
    locks = Locks()
    code = attempt(locks)
    if not code or not locks.holders:
        return code
    if not all(each.killed for each in locks.holders):
        held_by = "; ".join(map(str, locks.holders))
        print(f"somebody else works on {stack}: {held_by}. Nothing was done", file=sys.stderr)
        print(f"If that run is dead, and on another machine: make cancel STACK={stack}", file=sys.stderr)
        return code
    print(f"the lock of a run that was killed is taken away: {'; '.join(map(str, locks.holders))}", flush=True)
    try:
        run(["pulumi", "cancel", "--yes", "--stack", stack], env=env)
    except CommandFailed as error:
        print(error, file=sys.stderr)
        return code
    return attempt(Locks())
