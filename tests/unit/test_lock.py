"""A lock names its holder: one that lives is told of, one that was killed is taken away."""

import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

import pytest

from tools.engine import lock
from tools.engine.lock import Locks, held

# As Pulumi 3.250 says it.
SAID = (
    "error: the stack is currently locked by 1 lock(s). Either wait for the other process(es) to end or delete the "
    "lock file with `pulumi cancel`.\n",
    "  s3://bucket/.pulumi/locks/organization/slipway/team/1a2b.json: created by ann@{host} (pid {pid}) at "
    "2026-11-26T22:00:00Z\n",
)


@pytest.fixture
def cancelled(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    ran: list[list[str]] = []

    def run(command: Sequence[str], **_: Any) -> str:
        ran.append(list(command))
        return ""

    monkeypatch.setattr(lock, "run", run)
    return ran


@pytest.fixture
def dead() -> int:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


def attempts(host: str, pid: int, *codes: int) -> tuple[list[int], int]:
    """The codes that were given, and what came of it, where the first attempt finds a lock."""
    left = list(codes)

    def attempt(locks: Locks) -> int:
        if len(left) == len(codes):
            for line in SAID:
                locks.read(line.format(host=host, pid=pid))
        return left.pop(0)

    code = held("team", {}, attempt)
    return left, code


def test_a_killed_runs_lock_is_taken_away_and_the_run_goes_on(cancelled: list[list[str]], dead: int) -> None:
    assert attempts(socket.gethostname(), dead, 255, 0) == ([], 0)
    assert cancelled == [["pulumi", "cancel", "--yes", "--stack", "team"]]


def test_a_number_that_another_program_has_now_is_no_holder(cancelled: list[list[str]]) -> None:
    assert attempts(socket.gethostname(), os.getpid(), 255, 0) == ([], 0)
    assert cancelled


def test_another_machines_lock_stays_and_is_told_with_its_holder(
    cancelled: list[list[str]], dead: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert attempts("elsewhere", dead, 255, 0) == ([0], 255)
    assert not cancelled
    said = capsys.readouterr().err
    assert f"somebody else works on team: ann on elsewhere (process {dead}), since 2026-11-26T22:00:00Z" in said
    assert "make cancel STACK=team" in said


def test_a_failure_without_a_lock_is_not_tried_again(cancelled: list[list[str]]) -> None:
    codes = [1, 0]
    assert held("team", {}, lambda _locks: codes.pop(0)) == 1
    assert (codes, cancelled) == ([0], [])
