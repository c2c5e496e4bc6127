"""The documents' commands on MLflow by itself, run as they are: train, register, serve, ask."""

import contextlib
import os
import re
import signal
import subprocess
from pathlib import Path

import pytest

from tests.documents import scratch_checkout, shell
from tests.model.server import free_port

pytestmark = pytest.mark.model

BLOCKS = [block for block in shell() if block.runner == "mlflow"]


def test_the_blocks_end_with_a_prediction(tmp_path: Path) -> None:
    """One shell for all of them, as the reader has one; only the ports are others."""
    checkout = scratch_checkout(tmp_path / "slipway")
    script = "\n".join(block.script for block in BLOCKS)
    for port in sorted(set(re.findall(r"--port (\d+)", script))):
        script = re.sub(rf"\b{port}\b", str(free_port()), script)
    said = tmp_path / "said"
    # A file and no pipe: the servers in the background keep it open.
    with said.open("w") as output:
        typed = subprocess.Popen(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=checkout,
            # The virtual environment is the one that runs this; MLflow's own background workers are slow to start.
            env={
                **os.environ,
                "MAKEFLAGS": "--assume-old=.venv/installed",
                "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
            },
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        assert typed.wait(timeout=1200) == 0, said.read_text()
    finally:
        # Where a command failed early, no server is left.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(typed.pid, signal.SIGKILL)
    assert "registered models:/wine-quality-model/1" in said.read_text()
    assert re.search(r'\{"predictions": \[-?\d+\.\d+\]\}', said.read_text())
