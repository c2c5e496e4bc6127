"""Pulumi's processes."""

import re
import sys
from collections.abc import Mapping, Sequence

from components.clients.process import CommandFailed, foreground, run
from tools.engine.lock import Locks, held

# Where the pinned plugins are is how this project works, and nothing that a user could change.
_USELESS = re.compile(r"using pulumi-\S+ from \$PATH")


def pulumi(arguments: Sequence[str], env: Mapping[str, str]) -> int:
    """Run Pulumi in the foreground and return its exit code; a killed run's lock does not stop it."""

    def attempt(locks: Locks) -> int:
        def error(line: str) -> None:
            locks.read(line)
            print(line, end="", file=sys.stderr, flush=True)

        return foreground(["pulumi", *arguments], env, line=plain, error=error)

    return held(named_stack(arguments), env, attempt)


def shown(arguments: Sequence[str], env: Mapping[str, str]) -> int:
    """The same for what changes nothing: it has the terminal, or whatever its output goes to, for itself."""
    return foreground(["pulumi", *arguments], env)


def named_stack(arguments: Sequence[str]) -> str:
    """The stack that the arguments name; "" for those of a stack that is made."""
    words = list(arguments)
    return words[words.index("--stack") + 1] if "--stack" in words else ""


def plain(line: str) -> None:
    if not useless(line):
        print(line, end="", flush=True)


def useless(line: str) -> bool:
    """Whether it tells a user of something that he can do nothing about."""
    return bool(_USELESS.search(line))


def ask(arguments: Sequence[str], env: Mapping[str, str]) -> str | None:
    """Pulumi's output, or None when it fails."""
    try:
        return run(["pulumi", *arguments], env=env, timeout=None)
    except CommandFailed:
        return None
