"""Commands are run in one way, and what Pulumi has under way is ended by Pulumi, whoever ends its starter."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from components.clients.process import INTERRUPTED, CommandFailed, run
from components.clients.waiting import wait_out

PULUMI = """
import pathlib, signal, sys, time
told = []
signal.signal(signal.SIGINT, lambda *_: told.append("int"))
pathlib.Path(sys.argv[1]).write_text("started")
while not told:
    time.sleep(0.02)
time.sleep(0.3)
pathlib.Path(sys.argv[1]).write_text("ended in order")
sys.exit(7)
"""
STARTER = """
import os, sys
from components.clients.process import foreground
sys.exit(foreground([sys.executable, "-c", sys.argv[1], sys.argv[2]], os.environ))
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_to_the_starter_is_handed_on_and_the_end_is_waited_for(tmp_path: Path, number: signal.Signals) -> None:
    note = tmp_path / "note"
    starter = subprocess.Popen([sys.executable, "-c", STARTER, PULUMI, str(note)], env=dict(os.environ))
    assert not wait_out(lambda: not (note.exists() and note.read_text()), 30, 0.02)
    starter.send_signal(number)
    assert starter.wait(timeout=30) == INTERRUPTED
    assert note.read_text() == "ended in order"


def test_what_a_person_had_ignored_stays_ignored(tmp_path: Path) -> None:
    """As `nohup make up &` does, and then the terminal ends."""
    note = tmp_path / "note"
    ignoring = f"import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)\n{STARTER}"
    starter = subprocess.Popen([sys.executable, "-c", ignoring, PULUMI, str(note)], env=dict(os.environ))
    assert not wait_out(lambda: not (note.exists() and note.read_text()), 30, 0.02)
    starter.send_signal(signal.SIGHUP)
    with pytest.raises(subprocess.TimeoutExpired):
        starter.wait(timeout=1)
    starter.send_signal(signal.SIGTERM)
    assert starter.wait(timeout=30) == INTERRUPTED


def test_a_failure_shows_the_command_and_its_words() -> None:
    with pytest.raises(CommandFailed) as failed:
        run(["sh", "-c", "echo Error: no; exit 3"])
    assert str(failed.value) == "`sh -c 'echo Error: no; exit 3'` exited with 3:\nError: no"
    assert failed.value.why == "no"


def test_a_command_that_is_not_there_and_one_that_takes_too_long_are_told() -> None:
    with pytest.raises(CommandFailed, match="no-such-tool is not on PATH; install it"):
        run(["no-such-tool"])
    with pytest.raises(CommandFailed, match="did not end within 0 s") as late:
        run(["sleep", "5"], timeout=0.1)
    assert "sleep 5" in late.value.why


def test_waiting_ends_with_what_is_pending_or_when_the_time_is_up() -> None:
    answers = iter(["a", "b", ""])
    assert wait_out(lambda: next(answers), 30, 0) == ""
    started = time.monotonic()
    assert wait_out(lambda: "never", 0.1, 0.02) == "never"
    assert time.monotonic() - started < 5
