"""One way to run a command: arguments as a list, a time limit, and the output in the error."""

import shlex
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType

from components.errors import SlipwayError


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
        raise CommandFailed(f"{command[0]} is not on PATH", remedy="install it, then try again") from None
    except subprocess.TimeoutExpired:
        raise CommandFailed(f"`{line}` did not end within {timeout:.0f} s") from None
    except subprocess.CalledProcessError as error:
        output = (error.stderr or error.stdout or "").strip()
        raise CommandFailed(f"`{line}` exited with {error.returncode}", output=output) from None
    return done.stdout


def foreground(command: Sequence[str], env: Mapping[str, str]) -> int:
    """Run `command` at the user's terminal and return its exit code.

    It outlives every signal that it can act on: it ends what is under way, and is waited for.
    """
    with subprocess.Popen(command, env=env) as process:

        def hand_on(_number: int, _frame: FrameType | None) -> None:
            process.send_signal(signal.SIGINT)

        # A terminal tells all of its processes of Ctrl-C; these two reach this one alone.
        before = {number: signal.signal(number, hand_on) for number in (signal.SIGTERM, signal.SIGHUP)}
        try:
            while True:
                try:
                    return process.wait()
                except KeyboardInterrupt:
                    continue
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
