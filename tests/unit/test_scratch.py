"""The temporary folder of a run."""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
import pytest

from tools.engine import strays
from tools.engine.scratch import scratch

PROJECT = Path(__file__).parents[2]


def left(checkout: Path) -> list[Path]:
    return list((checkout / ".slipway" / "tmp").iterdir())


def runs(pid: int) -> bool:
    """A zombie, which the system's first process has not taken yet, does not."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    return False


def test_what_a_run_writes_is_private_and_gone_at_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    before = os.environ.get("TMPDIR")
    with scratch() as folder:
        assert folder.stat().st_mode & 0o777 == 0o700
        assert os.environ["TMPDIR"] == str(folder)
        assert Path(tempfile.mkdtemp()).parent == folder
    assert left(tmp_path) == []
    assert os.environ.get("TMPDIR") == before


def test_what_a_killed_run_left_running_the_next_one_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    code = (
        "import subprocess, sys, time; from tools.engine.scratch import scratch\n"
        "with scratch():\n"
        "    left = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'], start_new_session=True)\n"
        "    print(left.pid, flush=True); time.sleep(60)"
    )
    env = {**os.environ, "PYTHONPATH": str(PROJECT)}
    with subprocess.Popen([sys.executable, "-c", code], env=env, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        stray = int(process.stdout.readline())
        process.kill()
    assert runs(stray)
    with scratch():
        pass
    assert not runs(stray)
    assert left(tmp_path) == []


def test_the_folder_of_a_run_that_lives_stays_and_one_without_an_owner_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with scratch() as living:
        # As a run left it whose process number is another process's by now.
        abandoned = living.with_name(f"{os.getpid()}-abandoned")
        abandoned.mkdir()
        with scratch():
            assert living.is_dir()
            assert not abandoned.exists()
    assert left(tmp_path) == []


def test_a_second_signal_while_it_tidies_up_leaves_nothing_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended, scratch():  # noqa: PT012
        monkeypatch.setattr(strays, "end", lambda _folder: signal.raise_signal(signal.SIGTERM))
        signal.raise_signal(signal.SIGTERM)
    assert ended.value.code == 128 + signal.SIGTERM
    assert left(tmp_path) == []


def test_a_run_that_ignores_the_end_of_its_terminal_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with scratch():
            signal.raise_signal(signal.SIGHUP)
            assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize(("number", "gone"), [(signal.SIGTERM, True), (signal.SIGHUP, True), (signal.SIGKILL, False)])
def test_it_is_gone_after_a_signal_or_with_the_next_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals, gone: bool
) -> None:
    code = (
        "import time; from tools.engine.scratch import scratch\nwith scratch(): print('in', flush=True); time.sleep(60)"
    )
    env = {**os.environ, "PYTHONPATH": str(PROJECT)}
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, cwd=tmp_path, env=env, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "in\n"
        process.send_signal(number)
        process.wait()
    assert (left(tmp_path) == []) is gone
    monkeypatch.chdir(tmp_path)
    deadline = time.monotonic() + 5
    while left(tmp_path) and time.monotonic() < deadline:
        with scratch():
            pass
    assert left(tmp_path) == []
