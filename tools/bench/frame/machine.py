"""Where and when something was measured: without it a number says nothing."""

import datetime
import os
import platform
import re
from importlib import metadata
from pathlib import Path

import psutil

from components.clients.process import CommandFailed, run
from tools.environment import tools_first

_PACKAGES = ("pulumi", "pulumi-kubernetes", "mlflow")


def facts() -> dict[str, str]:
    """By name, for a reader."""
    return {
        "date": f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d %H:%M} UTC",
        "commit": _said("git", "rev-parse", "--short", "HEAD"),
        "processors": f"{os.cpu_count()} ({_processor()})",
        "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.release()}, Python {platform.python_version()}",
        "Pulumi": f"CLI {_said('pulumi', 'version')}; " + ", ".join(f"{n} {metadata.version(n)}" for n in _PACKAGES),
    }


def load() -> str:
    """Processes that were running or waiting to, over one, five and fifteen minutes."""
    return " ".join(f"{each:.1f}" for each in os.getloadavg())


def _processor() -> str:
    try:
        found = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    except OSError:
        found = None
    return found[1] if found else platform.machine()


def _said(*command: str) -> str:
    try:
        return run(command, env=tools_first()).strip()
    except CommandFailed:
        return "unknown"
