"""What a run of Pulumi's is doing, for a person at a terminal: a line that moves, what took its time, what failed."""

import json
import os
import re
import shutil
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from components.clients.process import foreground
from tools.engine.lock import Locks, held
from tools.engine.process import advised, logged, named_stack, useless

# What takes less is only counted.
SHOWN_FROM = 3.0  # seconds
_IDLE = ("same", "read", "refresh", "read-discard", "read-replacement")
_DONE = {"create": "made", "update": "changed", "delete": "removed", "replace": "replaced"}
_COLOR = re.compile(r"<\{%.*?%\}>")


def interactive() -> bool:
    """Whether a person looks on."""
    return sys.stdout.isatty() and not os.environ.get("CI") and os.environ.get("TERM", "dumb") != "dumb"


def watched(arguments: Sequence[str], env: Mapping[str, str], events: Path, stop: threading.Event | None = None) -> int:
    """Run Pulumi, its event log in `events` unless the arguments name another file; return its exit code.

    With a display at a terminal, elsewhere with its own log.
    """
    command = ["pulumi", *arguments]
    if named_log := next((each for each in pairwise(command) if each[0] == "--event-log"), None):
        events = Path(named_log[1])
    else:
        command += ["--event-log", str(events)]
    attempt = _displayed if interactive() else _logged
    return held(named_stack(arguments), env, lambda locks: attempt(command, env, events, stop, locks))


def _logged(
    command: Sequence[str], env: Mapping[str, str], events: Path, stop: threading.Event | None, locks: Locks
) -> int:
    events.unlink(missing_ok=True)
    return logged(command, env, locks, stop)


def _displayed(
    command: Sequence[str], env: Mapping[str, str], events: Path, stop: threading.Event | None, locks: Locks
) -> int:
    log = events.with_name("pulumi.log")
    events.unlink(missing_ok=True)
    display = Display(events, named_stack(command))
    with log.open("w") as output:

        def line(text: str) -> None:
            locks.read(text)
            output.write(text)

        code = foreground(command, env, stop, line=line, error=line, meanwhile=display.show, begun=locks.begun)
    display.show()
    display.end()
    if code:
        print(f"Pulumi's whole log: {log}", file=sys.stderr)
    return code


@dataclass
class Display:
    """Follows an event log; `running` are the URNs that are being worked on, with when they were begun."""

    events: Path
    stack: str = ""
    began: float = field(default_factory=time.monotonic)
    running: dict[str, tuple[float, str]] = field(default_factory=dict)
    done: int = 0
    _read: int = 0

    def show(self) -> None:
        """Print what is new, and the moving line anew."""
        for line in self.news(time.monotonic()):
            print(f"\r\033[K{line}")
        width = shutil.get_terminal_size().columns - 1
        print(f"\r\033[K{self.line(time.monotonic())[:width]}", end="", flush=True)

    def end(self) -> None:
        print(f"\r\033[K{self.done} resources changed in {time.monotonic() - self.began:.0f} s", flush=True)

    def news(self, now: float) -> Iterator[str]:
        """A line for each event since the last look that a person wants to know of."""
        if not self.events.is_file():
            return
        with self.events.open("rb") as file:
            file.seek(self._read)
            text = file.read()
        whole = text[: text.rfind(b"\n") + 1]
        self._read += len(whole)
        for line in whole.splitlines():
            yield from self._said(json.loads(line), now)

    def _said(self, event: Mapping[str, Any], now: float) -> Iterator[str]:
        if step := event.get("resourcePreEvent", {}).get("metadata"):
            # A component is there when its parts are: they are what is waited for.
            known = step.get("new") or step.get("old")
            if step["op"] not in _IDLE and (known is None or known.get("custom")):
                self.running[step["urn"]] = now, step["op"]
        elif step := (event.get("resOutputsEvent") or event.get("resOpFailedEvent") or {}).get("metadata"):
            start, operation = self.running.pop(step["urn"], (now, ""))
            if "resOpFailedEvent" in event:
                yield f"  failed    {named(step['urn'])} after {now - start:.0f} s"
            elif operation:
                self.done += 1
                if now - start >= SHOWN_FROM:
                    yield f"  {_DONE.get(operation, operation):<9} {named(step['urn'])} in {now - start:.0f} s"
        elif found := event.get("diagnosticEvent"):
            message = advised(_COLOR.sub("", str(found["message"])).strip(), self.stack)
            passing = found.get("ephemeral") or found.get("severity") not in ("error", "warning")
            if message and not passing and not useless(message):
                yield f"{found['severity']}: {named(found['urn'])}: {message}" if found.get("urn") else message
        elif found := event.get("policyEvent"):
            message = _COLOR.sub("", found["message"]).strip()
            yield f"policy {found['policyName']} ({found['enforcementLevel']}): {message}"

    def line(self, now: float) -> str:
        """Seconds, what is done, and what is waited for, the longest first."""
        longest = sorted(self.running.items(), key=lambda each: each[1][0])
        waiting = ", ".join(f"{named(urn)} ({now - start:.0f} s)" for urn, (start, _) in longest)
        doing = f"waiting for {waiting}" if waiting else "ending" if self.done else "planning"
        return f"{now - self.began:4.0f} s  {self.done} done; {doing}"


def named(urn: str) -> str:
    """Such as `Release kserve`."""
    *_, type_, name = urn.split("::")
    token = type_.rpartition("$")[2]
    return f"{token.rpartition(':')[2].rpartition('/')[2]} {name}"
