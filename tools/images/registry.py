"""Registries, asked and filled by crane (https://github.com/google/go-containerregistry)."""

import re
import subprocess
from collections.abc import Sequence

from components.errors import SlipwayError
from tools.environment import tools_first

ASK_SECONDS = 30
COPY_SECONDS = 1800

# Networks that are nobody else's: there a registry may have no TLS.
_NEAR = re.compile(r"^(localhost|127\.|10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.)")


def near(reference: str) -> bool:
    """Whether the registry may be spoken to without TLS."""
    return bool(_NEAR.match(reference))


def crane(arguments: Sequence[str], references: Sequence[str], timeout: float = ASK_SECONDS) -> str:
    """crane's output for `references`, the last of its arguments. Raises SlipwayError with crane's last words."""
    insecure = ["--insecure"] if any(map(near, references)) else []
    command = ["crane", *insecure, *arguments, *references]
    try:
        done = subprocess.run(command, env=tools_first(), capture_output=True, text=True, timeout=timeout, check=False)
    except subprocess.TimeoutExpired:
        raise SlipwayError(f"no answer within {timeout:.0f} s") from None
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["failed without a word"]
        raise SlipwayError(lines[-1].removeprefix("Error: ")[-400:])
    return done.stdout.strip()


def digest(reference: str) -> str:
    """What the tag stands for now, `sha256:…`. Raises SlipwayError where it cannot be asked."""
    return crane(["digest"], [reference])


def copy(source: str, target: str) -> None:
    """Copy an image of every platform, digests kept; layers that are there are not sent again. Raises SlipwayError."""
    crane(["copy"], [source, target], COPY_SECONDS)
