"""The dev stack on a real kind cluster, from nothing to nothing.

One test, because each step stands on the one before. It uses the stack's own names and ports, and refuses to start
while a dev stack is up.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.kind.commands import debris, engine, kubectl, run

pytestmark = pytest.mark.kind

MODEL = "models:/wine-quality-model/1"


def downloaded(tracking: str, folder: Path) -> bool:
    """Whether MLflow's client, told the server alone, brings the model's files to this machine within a minute."""
    script = f"from mlflow.artifacts import download_artifacts as get; get('{MODEL}', dst_path='{folder}')"
    env = {**os.environ, "MLFLOW_TRACKING_URI": tracking}
    subprocess.run([sys.executable, "-c", script], env=env, check=True, timeout=60)
    return (folder / "MLmodel").is_file()


@pytest.mark.usefixtures("machine")
def test_the_dev_stack_comes_up_predicts_right_stays_unchanged_and_goes_without_a_trace(tmp_path: Path) -> None:
    up = engine("up")
    assert "mlflow-wine-classifier, version 1, predicts [" in up

    model = json.loads(engine("output", "--json"))["models"]["mlflow-wine-classifier"]
    assert "@sha256:" in model["image"]
    example = json.loads(model["example"]) if isinstance(model["example"], str) else model["example"]
    right = pytest.approx(example["outputs"], rel=1e-6)

    command = next(line for line in up.splitlines() if line.startswith("  curl "))
    answer = json.loads(run("bash", "-c", command))
    assert answer["outputs"][0]["data"] == right
    assert answer["model_version"] == "1"

    assert downloaded(json.loads(engine("output", "--json"))["tracking"], tmp_path / "model")

    vector = tmp_path / "vector.json"
    vector.write_text(json.dumps({"inputs": [{**example["inputs"][0], "shape": [13]}]}))
    refused = subprocess.run(
        [sys.executable, "-m", "tools", "predict", "dev", "--inputs", str(vector)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert refused.returncode == 1
    assert refused.stderr.startswith("the model answered 400: ")
    assert "Traceback" not in refused.stderr

    hpa = json.loads(kubectl("--namespace", "models", "get", "hpa", "mlflow-wine-classifier-hpa", "--output", "json"))
    conditions = {each["type"]: each["status"] for each in hpa["status"]["conditions"]}
    assert conditions["AbleToScale"] == "True"

    engine("up", "--expect-no-changes")
    engine("refresh", "--expect-no-changes")

    engine("destroy")
    assert not any(debris().values())
