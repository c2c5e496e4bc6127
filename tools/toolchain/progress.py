"""One line that changes on a terminal; a line now and then in a log."""

import sys
import time
from dataclasses import dataclass, field

SECONDS_BETWEEN_LINES = 30.0


@dataclass
class Progress:
    prefix: str
    started: float = field(default_factory=time.monotonic)
    last: float = 0.0

    def __call__(self, text: str) -> None:
        now = time.monotonic()
        terminal = sys.stderr.isatty()
        if now - self.last < (0.2 if terminal else SECONDS_BETWEEN_LINES):
            return
        self.last = now
        print(f"\r\033[K{self.prefix}: {text}" if terminal else f"{self.prefix}: {text}", end="", file=sys.stderr)
        print("" if terminal else "\n", end="", file=sys.stderr, flush=True)

    def done(self, how: str) -> None:
        start = "\r\033[K" if sys.stderr.isatty() else ""
        print(f"{start}{self.prefix}: {how} in {time.monotonic() - self.started:.0f} s", file=sys.stderr, flush=True)
