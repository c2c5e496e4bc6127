"""Pulumi's processes."""

import re
import sys
import threading
from collections.abc import Mapping, Sequence

from components.clients import identity
from components.clients.process import CommandFailed, foreground, run
from tools.engine.lock import Locks, held

# The provider's advice where a cluster does not answer, with a switch that forgets all that is on it, gone or not.
_FORGETTING = re.compile(r"If the cluster was deleted, you can remove .*PULUMI_K8S_DELETE_UNREACHABLE[^.]*")
# Where the pinned plugins are is how this project works, and nothing that a user could change.
_USELESS = re.compile(r"using pulumi-\S+ from \$PATH")


def pulumi(arguments: Sequence[str], env: Mapping[str, str], *, dead: bool = False) -> int:
    """Run Pulumi in the foreground and return its exit code; a killed run's lock does not stop it, see `held`."""

    return held(named_stack(arguments), env, lambda locks: logged(["pulumi", *arguments], env, locks), dead=dead)


def logged(command: Sequence[str], env: Mapping[str, str], locks: Locks, stop: threading.Event | None = None) -> int:
    """Run the command with its own log, in which `locks` looks for holders."""

    stack = named_stack(command)

    def line(text: str) -> None:
        locks.read(text)
        if not useless(text):
            print(advised(text, stack), end="", flush=True)

    def error(text: str) -> None:
        locks.read(text)
        print(advised(text, stack), end="", file=sys.stderr, flush=True)

    return foreground(command, env, stop, line=line, error=error, begun=locks.begun)


def shown(arguments: Sequence[str], env: Mapping[str, str]) -> int:
    """The same for what changes nothing: it has the terminal, or whatever its output goes to, for itself."""
    return foreground(["pulumi", *arguments], env)


def named_stack(arguments: Sequence[str]) -> str:
    """The stack that the arguments name, if any."""
    words = list(arguments)
    if words[:1] == ["pulumi"]:
        del words[0]
    if words[:2] in (["stack", "init"], ["stack", "rm"]):
        return words[2]
    return words[words.index("--stack") + 1] if "--stack" in words else ""


def useless(line: str) -> bool:
    """Whether it tells a user of something that he can do nothing about."""
    return bool(_USELESS.search(line))


def advised(text: str, stack: str) -> str:
    """The text with the project's own way on, which asks whether the cluster is gone, in place of the provider's."""
    newline = "\n" if text.endswith("\n") else ""
    own = (
        "The state still has all that is on it: give the same command again when it answers. If it is gone for good: "
        f"make destroy STACK={stack} CONFIRM={identity.word(stack)}"
    )
    return _FORGETTING.sub(own, text.rstrip("\n")) + newline


def ask(arguments: Sequence[str], env: Mapping[str, str]) -> str | None:
    """Pulumi's output, or None when it fails."""
    try:
        return run(["pulumi", *arguments], env=env, timeout=None)
    except CommandFailed:
        return None
