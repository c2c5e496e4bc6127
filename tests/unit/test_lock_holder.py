"""Whose lock a killed run left: it ran on this machine, and does no more."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest

from components.clients.waiting import wait_out
from tools.engine.lock import Holder, Locks


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


def holder(pid: int, host: str = "", seconds_ago: float = 0) -> Holder:
    return Holder("me", host or socket.gethostname(), pid, since(seconds_ago))


def test_one_that_runs_is_not_killed_and_one_elsewhere_cannot_be_known(
    pulumi: "subprocess.Popen[bytes]",
) -> None:
    assert not holder(pulumi.pid).killed
    assert not holder(2**22 + 1, host="another-machine").killed
    assert holder(2**22 + 1).killed


def test_one_that_is_dead_and_still_listed_is_killed(pulumi: "subprocess.Popen[bytes]") -> None:
    os.kill(pulumi.pid, 9)
    assert not wait_out(lambda: psutil.Process(pulumi.pid).status() != psutil.STATUS_ZOMBIE, 30, every=0.05)
    assert holder(pulumi.pid).killed


def test_a_number_that_another_has_by_now_is_not_the_holders(pulumi: "subprocess.Popen[bytes]") -> None:
    assert holder(pulumi.pid, seconds_ago=600).killed
    assert holder(os.getpid()).killed


def test_the_holder_is_read_in_pulumis_words() -> None:
    locks = Locks()
    locks.read("  file:///state/x.json: created by root@vm (pid 10008) at 2026-11-27T06:16:07Z\n")
    [found] = locks.holders
    assert (found.user, found.host, found.pid) == ("root", "vm", 10008)
    assert str(found) == "root on vm (process 10008), since 2026-11-27T06:16:07Z"
