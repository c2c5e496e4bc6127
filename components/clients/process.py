"""One way to run a command: arguments as a list, a time limit, and the output in the error."""

import contextlib
import shlex
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import IO

from components.errors import SlipwayError

# The code of a command that was ended by who ended its starter.
INTERRUPTED = 130
# Seconds between two looks after a command in the foreground.
_LOOK = 0.2
# How many seconds a command that was told to end may go on with what it had begun, before it is told to leave it.
PATIENCE = 30.0
# Seconds for the last lines of a command that ended: what it started may hold the pipe longer.
_LAST_WORDS = 5.0


class CommandFailed(SlipwayError):
    """A command that could not be run, took too long or exited with an error; `output` is what it said."""

    def __init__(self, message: str, *, output: str = "", remedy: str = "") -> None:
        super().__init__(f"{message}:\n{output[-4000:]}" if output else message, remedy=remedy)
        self.output = output

    @property
    def why(self) -> str:
        """The reason on one line, in the command's own last words where it had any."""
        return " ".join(self.output.split())[-600:].removeprefix("Error: ") or self.message


def run(
    command: Sequence[str],
    *,
    stdin: str | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    timeout: float | None = 60,
) -> str:
    """Run `command` and return its standard output. Raises CommandFailed; `timeout` is in seconds."""
    line = shlex.join(command)
    try:
        done = subprocess.run(
            command, input=stdin, env=env, cwd=cwd, timeout=timeout, capture_output=True, text=True, check=True
        )
    except FileNotFoundError:
        raise _missing(command[0]) from None
    except subprocess.TimeoutExpired:
        raise CommandFailed(f"`{line}` did not end within {timeout:.0f} s") from None
    except subprocess.CalledProcessError as error:
        output = (error.stderr or error.stdout or "").strip()
        raise CommandFailed(f"`{line}` exited with {error.returncode}", output=output) from None
    return done.stdout


def foreground(
    command: Sequence[str],
    env: Mapping[str, str],
    stop: threading.Event | None = None,
    *,
    cwd: Path | None = None,
    line: Callable[[str], object] | None = None,
    error: Callable[[str], object] | None = None,
    meanwhile: Callable[[], None] | None = None,
    begun: Callable[[int], object] | None = None,
) -> int:
    """Run `command` at the user's terminal and return its exit code; when `stop` is set, it is told to end.

    It outlives every signal that it can act on: it ends what is under way, and is waited for. `line` is given each line
    that it prints, in place of the terminal, and `error` those of its errors; `meanwhile` is called again and again
    while it runs, and `begun` with its process once it does.
    """
    if not shutil.which(command[0], path=env.get("PATH")):
        raise _missing(command[0])
    signals = _Signals(own_group=line is not None)
    with signals.taken():
        started = subprocess.Popen(
            command,
            env=env,
            cwd=cwd,
            stdout=subprocess.PIPE if line else None,
            stderr=subprocess.PIPE if error else None,
            text=True,
            # A signal to all processes of a terminal or of a job would reach it beside the one that is handed on, and a
            # second one cuts short what is under way. What draws at a terminal has to be in its group.
            process_group=0 if line else None,
        )
        with started as process:
            if begun:
                begun(process.pid)
            signals.hand_to(process)
            streams = [each for each in ((process.stdout, line), (process.stderr, error)) if each[1]]
            readers = [threading.Thread(target=_hand_on, args=each, daemon=True) for each in streams]
            for reader in readers:
                reader.start()
            code = _waited_for(process, signals, stop, meanwhile)
            for reader in readers:
                reader.join(_LAST_WORDS)
    return INTERRUPTED if signals.came and code else code


class _Signals:
    """Those to this process, handed on to the one that it starts: from before there is one."""

    def __init__(self, *, own_group: bool) -> None:
        self.own_group = own_group
        self.process: subprocess.Popen[str] | None = None
        self.came = False
        # When it was told to end.
        self.told: list[float] = []

    @contextlib.contextmanager
    def taken(self) -> Iterator[None]:
        # What a person had ignored (`nohup`) stays ignored; a shell does so with SIGINT by itself, in the background.
        numbers = [each for each in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(each) != signal.SIG_IGN]
        before = {each: signal.signal(each, self._take) for each in (*numbers, signal.SIGINT)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def hand_to(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        if self.told:
            process.send_signal(signal.SIGINT)

    def interrupt(self) -> None:
        self.told.append(time.monotonic())
        if self.process:
            self.process.send_signal(signal.SIGINT)

    def _take(self, number: int, _frame: FrameType | None) -> None:
        self.came = True
        # A terminal tells all of its processes of Ctrl-C, whose second one is a person's impatience.
        if number != signal.SIGINT:
            if not self.told:
                self.interrupt()
        elif self.own_group or not self.process:
            self.interrupt()


def _waited_for(
    process: "subprocess.Popen[str]",
    signals: _Signals,
    stop: threading.Event | None,
    meanwhile: Callable[[], None] | None,
) -> int:
    while True:
        try:
            return process.wait(_LOOK)
        except subprocess.TimeoutExpired:
            if stop and stop.is_set():
                signals.interrupt()
                stop = None
            if len(signals.told) == 1 and time.monotonic() - signals.told[0] > PATIENCE:
                signals.interrupt()
            if meanwhile:
                meanwhile()


def _missing(program: str) -> CommandFailed:
    return CommandFailed(f"{program} is not on PATH", remedy="install it, then try again")


def _hand_on(lines: IO[str], line: Callable[[str], object]) -> None:
    for each in lines:
        line(each)
