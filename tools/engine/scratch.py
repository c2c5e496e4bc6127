"""The temporary folder of one run: the provider and Kubernetes' client leave credentials in theirs."""

import contextlib
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import psutil

from components.clients import private
from tools.engine import strays
from tools.engine.stack import ROOT


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    """A folder for this user alone, as everybody's TMPDIR inside; gone at the end, also after a SIGTERM.

    What a run left that could not end itself, files and processes, the next one removes.
    """
    folder = private.folder((ROOT / "tmp").absolute())
    _remove_left(folder)
    own = Path(tempfile.mkdtemp(dir=folder, prefix=f"{os.getpid()}-"))
    before = os.environ.get("TMPDIR"), tempfile.tempdir, signal.signal(signal.SIGTERM, _end)
    os.environ["TMPDIR"], tempfile.tempdir = str(own), str(own)
    try:
        yield own
    finally:
        strays.end(own)
        variable, tempfile.tempdir, handler = before
        if variable is None:
            del os.environ["TMPDIR"]
        else:
            os.environ["TMPDIR"] = variable
        signal.signal(signal.SIGTERM, handler)
        shutil.rmtree(own, ignore_errors=True)


def _end(_number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + signal.SIGTERM)


def _remove_left(folder: Path) -> None:
    for each in folder.iterdir():
        owner = each.name.partition("-")[0]
        if owner.isdigit() and not psutil.pid_exists(int(owner)):
            strays.end(each)
            shutil.rmtree(each, ignore_errors=True)
