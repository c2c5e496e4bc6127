"""Processes that outlive the command that started them, known by a file each."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

STOP_SECONDS = 20.0


def started_at(pid: int) -> str:
    """The start time of a running process, which tells it from a later one of the same number; "" without one."""
    try:
        state, *fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return "" if state == "Z" else fields[18]
    except OSError:
        # No /proc (macOS), or no such process.
        done = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
        return done.stdout.strip()


@dataclass(frozen=True)
class Background:
    """One process of the stack that keeps its files in `folder`."""

    folder: Path
    name: str

    @property
    def log(self) -> Path:
        return self.folder / f"{self.name}.log"

    @property
    def _file(self) -> Path:
        return self.folder / f"{self.name}.pid"

    @property
    def pid(self) -> int | None:
        """The process, while it runs."""
        try:
            pid, _, since = self._file.read_text().partition(" ")
        except FileNotFoundError:
            return None
        return int(pid) if pid and since and started_at(int(pid)) == since else None

    def start(self, command: Sequence[str], env: Mapping[str, str], cwd: Path | None = None) -> None:
        """Start it, unless it runs, in a session of its own: a closed shell does not end it."""
        if self.pid:
            return
        with self.log.open("wb") as log:
            process = subprocess.Popen(
                command,
                env=dict(env),
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._file.write_text(f"{process.pid} {started_at(process.pid)}")

    def stop(self) -> None:
        """Ask it, and what it started, to end; after STOP_SECONDS kill it."""
        pid = self.pid
        if pid:
            self._signal(pid, signal.SIGTERM)
            end = time.monotonic() + STOP_SECONDS
            while self.pid and time.monotonic() < end:
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(pid, os.WNOHANG)
                time.sleep(0.05)
            self._signal(pid, signal.SIGKILL)
        self._file.unlink(missing_ok=True)

    def _signal(self, pid: int, number: signal.Signals) -> None:
        # Its session's group: MLflow's server has workers.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, number)

    def last_words(self, lines: int = 15) -> str:
        text = self.log.read_text(errors="replace") if self.log.is_file() else ""
        return "\n".join(text.splitlines()[-lines:])
