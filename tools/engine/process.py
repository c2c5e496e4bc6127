"""Pulumi's processes."""

import threading
from collections.abc import Mapping, Sequence

from components.clients.process import CommandFailed, foreground, run


def pulumi(arguments: Sequence[str], env: Mapping[str, str], stop: threading.Event | None = None) -> int:
    """Run Pulumi in the foreground and return its exit code; when `stop` is set, it ends what is under way."""
    return foreground(["pulumi", *arguments], env, stop)


def ask(arguments: Sequence[str], env: Mapping[str, str]) -> str | None:
    """Pulumi's output, or None when it fails."""
    try:
        return run(["pulumi", *arguments], env=env, timeout=None)
    except CommandFailed:
        return None
