"""A real MLflow's backup, brought back into another stack on this machine: the same runs, versions, aliases, answer."""

import json
import shutil
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from components.clients.process import run
from components.errors import SlipwayError
from components.settings import parse_settings
from tools import stack_file
from tools.backup import bringing, places, taking
from tools.backup.files import Files
from tools.embedded.example import Example
from tools.embedded.stack import EmbeddedStack
from tools.environment import tools_first

pytestmark = pytest.mark.model

ROW = [14.23, 1.71, 2.43, 15.6, 127.0, 2.8, 3.06, 0.28, 2.29, 5.64, 1.04, 3.92, 1065.0]


def asked(url: str, body: Any = None, method: str | None = None) -> Any:
    data = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


class Stack:
    """An embedded stack's own MLflow and model server, in a folder; its control plane is not started."""

    def __init__(self, root: Path) -> None:
        root.mkdir()
        shutil.copy("Pulumi.local.yaml", root)
        self.own = EmbeddedStack(root / "Pulumi.local.yaml", tools_first(), print)

    @property
    def servers(self) -> Example:
        ports = json.loads((self.own.folder / "ports.json").read_text())
        return Example(self.own.folder, ports, self.own.env, print)

    def serve(self) -> None:
        [model] = parse_settings(stack_file.settings_of(stack_file.effective(self.own.file))).models
        self.servers.serve(model)

    def answer(self) -> Any:
        inputs = [{"name": "input", "shape": [1, len(ROW)], "datatype": "FP64", "data": ROW}]
        return asked(f"{self.servers.model_url}/v2/models/mlflow-model/infer", {"inputs": inputs})["outputs"]

    def known(self) -> dict[str, Any]:
        """What MLflow tells of all that people put there."""
        api = f"{self.servers.tracking_uri}/api/2.0/mlflow"
        experiments = asked(f"{api}/experiments/search?max_results=100")["experiments"]
        ids = [each["experiment_id"] for each in experiments]
        return {
            "experiments": experiments,
            "runs": asked(f"{api}/runs/search", {"experiment_ids": ids})["runs"],
            "models": asked(f"{api}/registered-models/search")["registered_models"],
            "versions": asked(f"{api}/model-versions/search")["model_versions"],
            "champion": asked(f"{api}/registered-models/alias?name=wine-quality-model&alias=champion"),
        }


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    stack = Stack(tmp_path_factory.mktemp("stacks") / "old")
    try:
        stack.own.start_tracking()
        stack.serve()
        alias = {"name": "wine-quality-model", "alias": "champion", "version": "1"}
        asked(f"{stack.servers.tracking_uri}/api/2.0/mlflow/registered-models/alias", alias)
        yield stack
    finally:
        stack.own.stop()


def test_a_stack_that_was_restored_knows_and_answers_the_same(old: Stack, tmp_path: Path) -> None:
    answer, known = old.answer(), old.known()
    target = Files.here(tmp_path / "backup")
    with places.embedded(old.own) as found:
        taking.take("old", found, target, "mlflow", ())
    new = Stack(tmp_path / "new")
    try:
        new.own.start_tracking()
        manifest = bringing.read(target)
        bringing.verify(target, manifest)
        with places.embedded(new.own) as empty:
            bringing.bring(empty, target, manifest, beside=False)
        new.own.start_tracking()
        assert new.known() == known
        assert len(known["versions"]) == 1
        assert len(known["runs"]) >= 1
        new.serve()
        assert new.answer() == answer
        asked(f"{new.servers.tracking_uri}/api/2.0/mlflow/experiments/create", {"name": "one more"})
        with places.embedded(new.own) as used, pytest.raises(SlipwayError, match="MLflow is in use here"):
            bringing.bring(used, target, manifest, beside=False)
    finally:
        new.own.stop()


def test_the_command_takes_one(old: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(old.own.file.parent)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    said = run([sys.executable, "-m", "tools", "backup", "local", "--to", str(tmp_path / "one")])
    assert "1 versions of 1 registered models" in said
    assert (tmp_path / "one" / "manifest.json").is_file()
