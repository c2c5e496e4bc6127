"""A process of the embedded stack is found again by another command, and ends with all that it started."""

import os
import sys
from pathlib import Path

import psutil
import pytest

from components.clients.waiting import wait_out
from tools.embedded import processes
from tools.embedded.processes import Background

PARENT = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(child.pid, flush=True)
time.sleep(600)
"""


@pytest.fixture
def background(tmp_path: Path) -> Background:
    background = Background(tmp_path, "server")
    background.start([sys.executable, "-u", "-c", PARENT], os.environ)
    assert not wait_out(lambda: not background.log.read_text().strip(), 30, 0.02)
    return background


def test_it_is_known_to_another_command_and_ends_with_its_children(background: Background) -> None:
    child = int(background.last_words())
    assert Background(background.folder, "server").pid == background.pid
    background.stop()
    assert background.pid is None
    assert not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE


def test_another_process_under_its_number_is_not_taken_for_it(background: Background) -> None:
    pid = background.pid
    note = background.folder / "server.pid"
    kept = note.read_text()
    note.write_text(f"{pid} 12.5")
    assert background.pid is None
    note.write_text("cut in the mid")
    assert background.pid is None
    note.write_text(kept)
    background.stop()


def test_what_does_not_end_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "STOP_SECONDS", 0.3)
    deaf = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)"
    )
    background = Background(tmp_path, "server")
    background.start([sys.executable, "-c", deaf], os.environ)
    assert not wait_out(lambda: not background.log.read_text(), 30, 0.02)
    background.stop()
    assert background.pid is None
