"""Whose lock a killed run left: it ran on this machine, and does no more."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest

from components.clients.process import CommandFailed
from components.clients.waiting import wait_out
from tools.engine import lock, unmade
from tools.engine.lock import Holder, Locks
from tools.engine.process import named_stack


def since(seconds_ago: float = 0) -> str:
    return datetime.fromtimestamp(time.time() - seconds_ago, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.fixture
def pulumi(tmp_path: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """A process of that name."""
    program = tmp_path / "pulumi"
    shutil.copy(shutil.which("sleep") or "", program)
    with subprocess.Popen([program, "600"]) as process:
        yield process
        process.kill()


@pytest.fixture(autouse=True)
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def holder(pid: int, host: str = "", seconds_ago: float = 0, *, begun: float | None = 0) -> Holder:
    """One whose run this checkout began so many seconds before it had the lock; None: which it did not begin."""
    if begun is not None:
        Locks("dev").begun(pid)
        at = time.time() - seconds_ago - begun
        os.utime(f".slipway/dev/engines/{pid}", (at, at))
    return Holder("me", host or socket.gethostname(), pid, since(seconds_ago), "dev")


GONE = 2**22 + 1


def test_one_that_runs_is_not_killed_and_one_that_is_gone_is(pulumi: "subprocess.Popen[bytes]") -> None:
    assert not holder(pulumi.pid).killed
    assert holder(GONE).killed


def test_one_elsewhere_cannot_be_known_and_another_machine_may_have_the_same_name() -> None:
    assert not holder(GONE, host="another-machine").killed
    assert not holder(GONE + 1, begun=None).killed
    assert not holder(GONE + 1, begun=3600).killed


def test_one_that_is_dead_and_still_listed_is_killed(pulumi: "subprocess.Popen[bytes]") -> None:
    os.kill(pulumi.pid, 9)
    assert not wait_out(lambda: psutil.Process(pulumi.pid).status() != psutil.STATUS_ZOMBIE, 30, every=0.05)
    assert holder(pulumi.pid).killed


def test_a_number_that_another_has_by_now_is_not_the_holders(pulumi: "subprocess.Popen[bytes]") -> None:
    assert holder(pulumi.pid, seconds_ago=600).killed
    assert holder(os.getpid()).killed


HELD = (
    "error: the stack is currently locked by 1 lock(s).\n"
    "  file:///state/x.json: created by me@{host} (pid {pid}) at {since}\n"
)


def test_a_killed_runs_lock_is_taken_away_once_and_its_record_with_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    cancelled: list[Sequence[str]] = []
    monkeypatch.setattr(lock, "run", lambda command, **_: cancelled.append(command))
    holder(GONE)

    def attempt(locks: Locks) -> int:
        if cancelled:
            return 0
        locks.read(HELD.format(host=socket.gethostname(), pid=GONE, since=since()).splitlines()[1])
        return 1

    assert lock.held("dev", {}, attempt) == 0
    assert cancelled == [["pulumi", "cancel", "--yes", "--stack", "dev"]]
    assert f"is taken away: me on {socket.gethostname()} (process {GONE})" in capsys.readouterr().out
    assert not Path(".slipway/dev/engines").exists()


def test_the_lock_of_a_stack_that_was_being_made_goes_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pulumi cancels none of a stack that is not there."""
    asked: list[Sequence[str]] = []

    def cancel(*_: object, **__: object) -> None:
        raise CommandFailed("`pulumi cancel` exited with 6", output="error: no stack named 'dev' found")

    def attempt(locks: Locks) -> int:
        if asked:
            return 0
        place = "s3://state/.pulumi/locks/organization/slipway/dev/x.json?region=us-east-1"
        locks.read(f"  {place}: created by me@{socket.gethostname()} (pid {GONE}) at {since()}\n")
        return 1

    monkeypatch.setattr(lock, "run", cancel)
    monkeypatch.setattr(unmade, "run", lambda command, **_: asked.append(command[1:]))
    # Nothing of it was begun here, until a person says that it is dead.
    assert lock.held("dev", {}, attempt) == 1
    assert lock.held("dev", {}, attempt, dead=True) == 0
    assert [" ".join(each) for each in asked] == [
        "stack init dev-unlocking --no-select --non-interactive",
        "stack rename dev --stack dev-unlocking --non-interactive",
        "cancel --yes --stack dev --non-interactive",
        "stack rm dev --yes --non-interactive",
    ]


def test_the_stack_is_the_one_that_is_made_or_named() -> None:
    for arguments in (["up", "--stack", "dev"], ["stack", "init", "dev", "--no-select"], ["stack", "rm", "dev"]):
        assert named_stack(arguments) == named_stack(["pulumi", *arguments]) == "dev"
    assert named_stack(["stack", "ls"]) == ""
    assert named_stack(["up", "--stack", "pulumi"]) == "pulumi"


def test_a_lock_of_the_same_name_and_number_that_was_not_begun_here_stays(capsys: pytest.CaptureFixture[str]) -> None:
    def attempt(locks: Locks) -> int:
        locks.read(HELD.format(host=socket.gethostname(), pid=GONE, since=since()).splitlines()[1])
        return 7

    assert lock.held("dev", {}, attempt) == 7
    said = capsys.readouterr().err
    assert f"somebody else works on dev: me on {socket.gethostname()} (process {GONE})" in said
    assert "make cancel STACK=dev" in said


def test_the_holder_is_read_in_pulumis_words() -> None:
    locks = Locks("dev")
    locks.read("  file:///state/x.json: created by root@vm (pid 10008) at 2026-11-27T06:16:07Z\n")
    [found] = locks.holders
    assert (found.user, found.host, found.pid) == ("root", "vm", 10008)
    assert str(found) == "root on vm (process 10008), since 2026-11-27T06:16:07Z"
