"""The temporary folder of one run: the provider and Kubernetes' client leave credentials in theirs."""

import contextlib
import fcntl
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import IO

from components.clients import private
from tools.engine import strays
from tools.engine.stack import ROOT

_OWNER = "owner.lock"


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    """A folder for this user alone, as everybody's TMPDIR inside; gone at the end, also after a signal.

    What a run left that could not end itself, files and processes, the next one removes.
    """
    folder = private.folder((ROOT / "tmp").absolute())
    with _ended_by_signals(), contextlib.ExitStack() as held:
        # One at a time: a folder that has no owner yet would be taken for left.
        with _locked(folder.with_name("tmp.lock")):
            _remove_left(folder)
            own = Path(tempfile.mkdtemp(dir=folder))
            held.enter_context(_locked(own / _OWNER))
        before = os.environ.get("TMPDIR"), tempfile.tempdir
        os.environ["TMPDIR"], tempfile.tempdir = str(own), str(own)
        try:
            yield own
        finally:
            try:
                strays.end(own)
            finally:
                variable, tempfile.tempdir = before
                if variable is None:
                    del os.environ["TMPDIR"]
                else:
                    os.environ["TMPDIR"] = variable
                shutil.rmtree(own, ignore_errors=True)


@contextlib.contextmanager
def _ended_by_signals() -> Iterator[None]:
    """What would end this process at once ends it as an exception does; what is ignored (`nohup`) stays ignored."""
    numbers = [each for each in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(each) == signal.SIG_DFL]
    for each in numbers:
        signal.signal(each, _end)
    try:
        yield
    finally:
        for each in numbers:
            signal.signal(each, signal.SIG_DFL)


def _end(number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + number)


@contextlib.contextmanager
def _locked(file: Path) -> Iterator[None]:
    """Hold the file's lock, which goes with the process whatever ends it."""
    with file.open("w") as opened:
        fcntl.flock(opened, fcntl.LOCK_EX)
        yield


def _remove_left(folder: Path) -> None:
    for each in folder.iterdir():
        if _abandoned(each):
            strays.end(each)
            shutil.rmtree(each, ignore_errors=True)


def _abandoned(folder: Path) -> bool:
    """Whether nobody holds it: its process's number may be another's by now, or another machine's."""
    try:
        with (folder / _OWNER).open("r+") as lock:
            return _free(lock)
    except FileNotFoundError:
        return True


def _free(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
