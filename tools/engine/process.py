"""Pulumi's processes."""

import subprocess
from collections.abc import Mapping, Sequence


def pulumi(arguments: Sequence[str], env: Mapping[str, str]) -> int:
    """Run Pulumi in the foreground and return its exit code."""
    with subprocess.Popen(["pulumi", *arguments], env=env) as process:
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:
                # The terminal told Pulumi too: it ends what is under way and writes its state, and must be let to.
                continue


def ask(arguments: Sequence[str], env: Mapping[str, str]) -> str | None:
    """Pulumi's output, or None when it fails."""
    done = subprocess.run(["pulumi", *arguments], env=env, check=False, capture_output=True, text=True)
    return done.stdout if done.returncode == 0 else None
