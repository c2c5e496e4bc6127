"""The models of one Python, logged in an environment that holds their flavours."""

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from tests.support.cells import Cell
from tests.support.environments import FOLDER, environment


def logged(python: str, wanted: Sequence[Cell], tracking: str | None = None) -> Path:
    """The folder that has them: FOLDER/CELL/asked.json, and FOLDER/CELL/model.

    They are registered at the tracking server, each by the name of its cell; without one they are in the folder alone.
    """
    folder = (FOLDER / f"models-{python}").absolute()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    interpreter = environment(python, metadata.version("mlflow"), {each.flavour for each in wanted})
    told = json.dumps([asdict(each) for each in wanted])
    quiet = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false"}
    command = [str(interpreter), "-W", "ignore", "-m", "tests.support.logged", str(folder), *filter(None, [tracking])]
    done = subprocess.run(command, input=told, text=True, capture_output=True, env=os.environ | quiet, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    return folder


def near(right: Any) -> Any:
    """The same with floats as near as they are kept."""
    if isinstance(right, dict):
        return {name: near(each) for name, each in right.items()}
    if isinstance(right, list):
        return [near(each) for each in right]
    return pytest.approx(right, rel=1e-5) if isinstance(right, float) else right
