"""Versions of a running stack's registered model that differ in a file."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from components.errors import SlipwayError
from components.settings.model_source import RegisteredModel, parse_source
from tools.engine import state
from tools.engine.backend import environment
from tools.engine.stack import Stack


def registered_again(stack: Stack, source: str, change: Callable[[Path], object]) -> str:
    """Register what `models:/name/version` has, after a change of its folder; return the new version's source.

    Raises SlipwayError for a source that is not registered.
    """
    import mlflow
    from mlflow import MlflowClient

    found = parse_source(source)
    if not isinstance(found, RegisteredModel):
        raise SlipwayError(f"{source} is no registered version: another is to be registered beside it")
    mlflow.set_tracking_uri(state.outputs(stack, environment(stack, stack.content, os.environ))["tracking"])
    with tempfile.TemporaryDirectory() as folder, mlflow.start_run(run_name="again") as begun:
        files = mlflow.artifacts.download_artifacts(source, dst_path=folder)
        change(Path(files))
        mlflow.log_artifacts(files, "model")
        made = MlflowClient().create_model_version(found.name, f"{begun.info.artifact_uri}/model", begun.info.run_id)
    return f"models:/{found.name}/{made.version}"
