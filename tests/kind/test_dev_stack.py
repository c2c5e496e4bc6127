"""The dev stack on a real kind cluster, from nothing to nothing.

One test, because each step stands on the one before. It uses the stack's own names and ports, and refuses to start
while a dev stack is up.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.kind

CLUSTER = "slipway-dev"


def run(*command: str, timeout: float = 1800) -> str:
    """The command's output; fails the test with it when the command fails."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)
    assert done.returncode == 0, f"{' '.join(command)} exited with {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def engine(verb: str, *extra: str) -> str:
    return run(sys.executable, "-m", "tools", verb, "dev", *extra)


def kubectl(*arguments: str) -> str:
    return run("kubectl", "--kubeconfig", ".slipway/dev/kubeconfig", *arguments)


def debris() -> dict[str, str]:
    """What a dev stack could leave on this machine."""
    kubeconfig = Path("~/.kube/config").expanduser()
    return {
        "containers": run("docker", "ps", "--all", "--quiet", "--filter", f"name={CLUSTER}"),
        "networks": run("docker", "network", "ls", "--quiet", "--filter", f"name={CLUSTER}"),
        "kubeconfig": CLUSTER if kubeconfig.is_file() and CLUSTER in kubeconfig.read_text() else "",
        "files": str(Path(".slipway/dev")) if Path(".slipway/dev").exists() else "",
    }


@pytest.fixture
def machine() -> Iterator[None]:
    assert not any(debris().values()), f"a dev stack is up; `make destroy STACK=dev` first: {debris()}"
    yield
    if any(debris().values()):
        engine("destroy")


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
