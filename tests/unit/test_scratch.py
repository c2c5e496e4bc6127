"""The temporary folder of a run."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from tools.engine.scratch import scratch

PROJECT = Path(__file__).parents[2]


def left(checkout: Path) -> list[Path]:
    return list((checkout / ".slipway" / "tmp").iterdir())


def test_what_a_run_writes_is_private_and_gone_at_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    before = os.environ.get("TMPDIR")
    with scratch() as folder:
        assert folder.stat().st_mode & 0o777 == 0o700
        assert os.environ["TMPDIR"] == str(folder)
        assert Path(tempfile.mkdtemp()).parent == folder
    assert left(tmp_path) == []
    assert os.environ.get("TMPDIR") == before


@pytest.mark.parametrize(("number", "gone"), [(signal.SIGTERM, True), (signal.SIGKILL, False)])
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
