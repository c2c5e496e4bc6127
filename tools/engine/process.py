"""Pulumi's processes."""

from collections.abc import Mapping, Sequence

from components.clients.process import CommandFailed, foreground, run


def pulumi(arguments: Sequence[str], env: Mapping[str, str]) -> int:
    """Run Pulumi in the foreground and return its exit code."""
    return foreground(["pulumi", *arguments], env)


def ask(arguments: Sequence[str], env: Mapping[str, str]) -> str | None:
    """Pulumi's output, or None when it fails."""
    try:
        return run(["pulumi", *arguments], env=env, timeout=None)
    except CommandFailed:
        return None
