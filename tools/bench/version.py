"""A new version of a model, from the changed stack file to its right answer.

A version with the same requirements and another file is registered beside the one that is served, outside of the time
that is measured; then the stack file's `source` is changed to it and `up` is run, which builds and pushes the model's
own layer, replaces the pods, and ends when the new version gave the right answer. Beside it stands what no way to
deploy can be faster than: the same pods are replaced (by an annotation of the InferenceService's pods), until the new
ones are ready and the old ones are going. The stack file is as it was afterwards, and the cluster too.

The picture shows what the last run waited for.
"""

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from components.errors import SlipwayError
from tools import release, stack_edit
from tools.bench.frame.row import Row
from tools.bench.frame.run import Run, Timed, rows_of, timed
from tools.bench.frame.served import Model
from tools.engine import state
from tools.engine.backend import environment
from tools.engine.stack import Stack
from tools.environment import tools_first
from tools.timeline.picture import svg
from tools.timeline.spans import critical_path, read

NEEDS_STACK = True
# It changes what a running stack serves.
ONLY_BY_NAME = True

_WHAT = "from the changed source to the right answer"
_ALONE = "the pods replaced, alone"
_PREFIX = "models:/"
_MARK = "slipway/bench"


def rows(run: Run) -> Iterator[Row]:
    stack = Stack(run.needed_stack())
    model = Model.first_of(stack)
    registered = _registered(stack, model.found.name)
    file = stack_edit.owner_of(stack.file)
    before = file.read_bytes()
    found: dict[str, list[Timed]] = {"Slipway": [], _ALONE: []}
    try:
        for number in range(run.repeats):
            run.say(f"round {number + 1} of {run.repeats}")
            version = _version(stack, registered, number)
            release.rollback(stack.file, model.found.name, f"{_PREFIX}{registered}/{version}")
            found["Slipway"].append(timed(lambda: _up(stack)))
            spans = read(stack.events, state.resources(stack, environment(stack, stack.content, os.environ)))
            run.picture("timeline", svg(spans, f"a new version: {max(span.end for span in spans)} s"))
            for span in critical_path(spans):
                run.say(f"{span.start:>4} s  +{span.seconds:<4} {span.kind} {span.name}")
            found[_ALONE].append(timed(lambda: _replaced(model, "once")))
            _replaced(model, None)
    finally:
        file.write_bytes(before)
        _up(stack)
    yield from rows_of(_WHAT, found)


def _registered(stack: Stack, model: str) -> str:
    """The registered model that a model is a version of. Raises SlipwayError."""
    source = str(stack_edit.model_of(stack.file, model).get("source", ""))
    name, slash, _ = source.removeprefix(_PREFIX).partition("/")
    if not source.startswith(_PREFIX) or not slash:
        raise SlipwayError(f"{model} is no registered version, but {source}: this benchmark registers one beside it")
    return name


def _version(stack: Stack, name: str, number: int) -> str:
    """Register what the newest version has, and a file more; return the new version."""
    import mlflow
    from mlflow import MlflowClient

    mlflow.set_tracking_uri(state.outputs(stack, environment(stack, stack.content, os.environ))["tracking"])
    newest = max(MlflowClient().search_model_versions(f"name = '{name}'"), key=lambda each: int(each.version))
    with tempfile.TemporaryDirectory() as folder, mlflow.start_run(run_name="bench") as begun:
        files = mlflow.artifacts.download_artifacts(f"{_PREFIX}{name}/{newest.version}", dst_path=folder)
        (Path(files) / "bench.txt").write_text(f"{begun.info.run_id} {number}\n")
        mlflow.log_artifacts(files, "model")
        uri = f"{begun.info.artifact_uri}/model"
        return str(MlflowClient().create_model_version(name, uri, begun.info.run_id).version)


def _up(stack: Stack) -> None:
    subprocess.run(
        ["python", "-m", "tools", "up", stack.name], env=tools_first(), check=True, stdout=subprocess.DEVNULL
    )


def _replaced(model: Model, mark: str | None) -> None:
    """KServe takes back what `kubectl rollout restart` writes into its Deployment: it is told itself."""
    before = _generation(model)
    patch = {"spec": {"predictor": {"annotations": {_MARK: mark}}}}
    model.kubectl("patch", f"inferenceservice/{model.found.name}", "--type=merge", f"--patch={json.dumps(patch)}")
    while _generation(model) == before:
        time.sleep(0.1)
    model.kubectl("rollout", "status", model.deployment, "--timeout=300s")


def _generation(model: Model) -> str:
    return model.kubectl("get", model.deployment, "--output=jsonpath={.metadata.generation}")
