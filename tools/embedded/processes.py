"""Processes that outlive the command that started them, known by a file each."""

import contextlib
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from components.clients import private
from tools.engine import strays
from tools.files import write_whole

STOP_SECONDS = 20.0


def _since_boot(process: psutil.Process) -> float:
    """When it started, which tells it from a later one of the same number, whatever the clock was set to since."""
    return process.create_time() - psutil.boot_time()


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
        return process.pid if (process := self._process) else None

    @property
    def _process(self) -> psutil.Process | None:
        try:
            pid, since = self._file.read_text().split()
            process = psutil.Process(int(pid))
            same = abs(_since_boot(process) - float(since)) < 1 and process.status() != psutil.STATUS_ZOMBIE
        except (FileNotFoundError, ValueError, psutil.NoSuchProcess):
            return None
        return process if same else None

    def start(self, command: Sequence[str], env: Mapping[str, str], cwd: Path | None = None) -> None:
        """Start it, unless it runs, in a session of its own: a closed shell does not end it."""
        if self.pid:
            return
        self._end(self._strays())
        # What a run writes for itself, and who belongs to it, ends with that run; this does not.
        own = {**env, "TMPDIR": str(private.folder(self.folder / "tmp" / self.name))}
        with self.log.open("wb") as log:
            process = subprocess.Popen(
                command,
                env=own,
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        write_whole(self._file, f"{process.pid} {_since_boot(psutil.Process(process.pid))}")

    def stop(self) -> None:
        """Ask it, and what it started, to end; after STOP_SECONDS kill it."""
        if process := self._process:
            # MLflow's server has workers.
            self._end([process, *process.children(recursive=True)])
        self._end(self._strays())
        self._file.unlink(missing_ok=True)

    def _strays(self) -> list[psutil.Process]:
        """What was started when nobody came to write it down."""
        return strays.of(self.folder / "tmp" / self.name)

    @staticmethod
    def _end(family: Sequence[psutil.Process]) -> None:
        for each in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                each.terminate()
        _, alive = psutil.wait_procs(family, timeout=STOP_SECONDS)
        for each in alive:
            with contextlib.suppress(psutil.NoSuchProcess):
                each.kill()

    def last_words(self, lines: int = 15) -> str:
        text = self.log.read_text(errors="replace") if self.log.is_file() else ""
        return "\n".join(text.splitlines()[-lines:])
