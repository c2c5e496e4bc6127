"""The documents' commands on the local stack, as a reader types them, in a checkout of their own."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.documents import Block, scratch_checkout, shell
from tools.toolchain.install import is_there
from tools.toolchain.pins import TOOLS

pytestmark = pytest.mark.embedded

BLOCKS = [block for block in shell() if block.runner == "local stack"]
# A page may begin where another ended; what takes the stack down comes last.
IN_ORDER = sorted(dict.fromkeys(BLOCKS), key=lambda block: "destroy" in block.script)


def run(checkout: Path, script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=checkout,
        # The virtual environment is the one that runs this.
        env={**os.environ, "MAKEFLAGS": "--assume-old=.venv/installed"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    missing = [tool.name for tool in TOOLS if not is_there(tool)]
    assert not missing, f"run `make tools` first: {', '.join(missing)}"
    folder = scratch_checkout(tmp_path_factory.mktemp("documents") / "slipway")
    yield folder
    run(folder, "make destroy")


def test_the_first_command_of_the_readme_ends_with_the_prediction(checkout: Path) -> None:
    first = BLOCKS[[block.page.name for block in BLOCKS].index("README.md")]
    done = run(checkout, first.script)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "mlflow-wine-classifier, version 1, predicts [0.7677470369361" in done.stdout
    assert "the model answered 400: Shape of input (13,) does not match expected shape" in done.stdout


@pytest.mark.parametrize("block", IN_ORDER, ids=str)
def test_a_block_runs_as_it_is(checkout: Path, block: Block) -> None:
    done = run(checkout, block.script)
    assert done.returncode == 0, f"{block.script}\n{done.stdout}{done.stderr}"
