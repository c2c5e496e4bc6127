"""A script in a pod, as its shell runs it."""

import subprocess

from components.clients.pod_streams import _BEAT


def test_what_says_that_a_script_runs_ends_with_it() -> None:
    """All ends of its streams are closed then: until that, the connection is open."""
    done = subprocess.run(["sh", "-c", f"{_BEAT}echo said"], capture_output=True, text=True, timeout=15, check=True)
    assert done.stdout == "said\n"
