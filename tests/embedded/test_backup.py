"""`make backup` of a local stack, and `make restore` of it into a checkout that has never had one."""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from components.clients.tracking_server import TrackingServer
from tests.documents import scratch_checkout
from tools import stack_file
from tools.toolchain.install import is_there
from tools.toolchain.pins import TOOLS

pytestmark = pytest.mark.embedded

MODEL = "wine-quality-model"
NOTES = "what was noted beside the model\n" * 20_000


@dataclass(frozen=True)
class Local:
    """A checkout with a local stack."""

    root: Path

    def run(self, command: str, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "tools", command, "local", *arguments],
            cwd=self.root,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    @property
    def uri(self) -> str:
        return str(stack_file.effective(self.root / "Pulumi.local.yaml")["config"]["slipway:tracking"]["uri"])

    def ask(self, what: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        return dict(TrackingServer(uri=self.uri)._ask(what, body))

    def work(self) -> None:
        """What people do: a run with figures and a file, and a name for a version."""
        [experiment] = [each for each in self.experiments if each["name"] == "Default"]
        run = self.ask("runs/create", {"experiment_id": experiment["experiment_id"], "run_name": "by hand"})["run"]
        run_id = run["info"]["run_id"]
        for step in range(3):
            self.ask(
                "runs/log-metric", {"run_id": run_id, "key": "rmse", "value": step / 3, "step": step, "timestamp": step}
            )
        url = f"{self.uri}/api/2.0/mlflow-artifacts/artifacts/{self.notes(run_id)}"
        with urllib.request.urlopen(urllib.request.Request(url, NOTES.encode(), method="PUT"), timeout=60):
            pass
        self.ask("registered-models/alias", {"name": MODEL, "alias": "champion", "version": "1"})

    @property
    def experiments(self) -> list[dict[str, Any]]:
        return list(self.ask("experiments/search?max_results=100")["experiments"])

    @staticmethod
    def notes(run_id: str) -> str:
        return f"0/{run_id}/artifacts/notes.txt"

    @property
    def known(self) -> dict[str, Any]:
        """What MLflow tells of all that people and trainings put there."""
        ids = [each["experiment_id"] for each in self.experiments]
        runs = self.ask("runs/search", {"experiment_ids": ids})["runs"]
        histories = [f"metrics/get-history?metric_key=rmse&run_id={each['info']['run_id']}" for each in runs]
        [by_hand] = [each["info"]["run_id"] for each in runs if each["info"]["run_name"] == "by hand"]
        url = f"{self.uri}/api/2.0/mlflow-artifacts/artifacts/{self.notes(by_hand)}"
        with urllib.request.urlopen(url, timeout=60) as answer:
            notes = answer.read().decode()
        return {
            "experiments": self.experiments,
            "runs": runs,
            "metrics": [self.ask(each) for each in histories],
            "models": self.ask("registered-models/search")["registered_models"],
            "versions": self.ask("model-versions/search")["model_versions"],
            "champion": self.ask(f"registered-models/alias?name={MODEL}&alias=champion"),
            "notes": notes,
        }

    @property
    def served(self) -> dict[str, Any]:
        """What the model answered at the end of the last `up`."""
        [model] = json.loads(self.run("output", "models", "--json")).values()
        return {"version": model["version"], "outputs": json.loads(model["answer"])["outputs"]}


@pytest.fixture(scope="module")
def checkouts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Local, Local]]:
    missing = [tool.name for tool in TOOLS if not is_there(tool)]
    assert not missing, f"run `make tools` first: {', '.join(missing)}"
    old, new = (Local(scratch_checkout(tmp_path_factory.mktemp(name) / "slipway")) for name in ("old", "new"))
    try:
        yield old, new
    finally:
        for each in (old, new):
            each.run("destroy")


def test_a_backup_of_a_local_stack_comes_back_whole_in_another_checkout(
    checkouts: tuple[Local, Local], tmp_path: Path
) -> None:
    old, new = checkouts
    old.run("up")
    old.work()
    known, served = old.known, old.served
    said = old.run("backup", "--to", str(tmp_path / "backup"))
    assert "To have it back in an empty stack: make restore STACK=local FROM=" in said
    assert old.known == known

    said = new.run("restore", str(tmp_path / "backup"))
    assert "every file is as it was written" in said
    assert new.known == known
    assert new.served == served
    # It was brought, not trained once more.
    assert served["version"] == "1"
    assert known["notes"] == NOTES

    # What is in use is not written over, and the same backup again is no change.
    new.ask("registered-models/alias", {"name": MODEL, "alias": "after", "version": "1"})
    again = subprocess.run(
        [sys.executable, "-m", "tools", "restore", "local", str(tmp_path / "backup")],
        cwd=new.root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert again.returncode == 1
    assert "MLflow is in use here" in again.stderr
