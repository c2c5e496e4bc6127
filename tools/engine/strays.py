"""Processes that a run started and left: known by its temporary folder, which they all inherit."""

import contextlib
import os
import signal
import sys
from pathlib import Path

import psutil

from components.clients.waiting import wait_out

# What Pulumi may take to write down what it did; a cluster that is being made takes minutes.
_PULUMI_WITHIN = 60.0
_OTHERS_WITHIN = 5.0
_MOMENT = 2.0


def of(folder: Path) -> list[psutil.Process]:
    """The processes whose TMPDIR it is, but for this one."""
    own, wanted = os.getuid(), str(folder)
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.pid != os.getpid() and process.uids().real == own and process.environ().get("TMPDIR") == wanted:
                found.append(process)
    return found


def lives(process: psutil.Process) -> bool:
    """Whether it does anything still: a dead one stays listed until its parent asks for it, in a container for good."""
    return process.is_running() and process.status() not in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)


def end(folder: Path) -> None:
    """Let Pulumi end as it does when it is interrupted, then end what is left."""
    # What has just been told to end takes a moment.
    left = wait_out(lambda: of(folder), _MOMENT, every=0.1)
    if not left:
        return
    print(f"ending what was left running: {', '.join(sorted(map(_named, left)))}", file=sys.stderr)
    engines = [process for process in left if _is_engine(process)]
    _tell(engines, signal.SIGINT)
    psutil.wait_procs(engines, timeout=_PULUMI_WITHIN)
    _tell(of(folder), signal.SIGTERM)
    left = wait_out(lambda: of(folder), _OTHERS_WITHIN, every=0.1)
    _tell(left, signal.SIGKILL)
    psutil.wait_procs(left, timeout=_OTHERS_WITHIN)


def _is_engine(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):
        return process.name() == "pulumi"
    return False


def _tell(processes: list[psutil.Process], number: signal.Signals) -> None:
    for process in processes:
        with contextlib.suppress(psutil.Error):
            process.send_signal(number)


def _named(process: psutil.Process) -> str:
    with contextlib.suppress(psutil.Error):
        return f"{process.name()} ({process.pid})"
    return str(process.pid)
