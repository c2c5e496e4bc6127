"""Every declared cell: a model that MLflow logs is served, and answers as it does where it was logged."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from components.serving.agreement import difference
from components.serving.plan import Wishes
from components.serving.servers import SERVERS
from tests.model.server import ask, free_port, process
from tests.support import models, page
from tests.support.cells import PYTHONS, Cell, cells
from tests.support.environments import FOLDER, python_of
from tools import serve
from tools.dockerfile import Dockerfile

pytestmark = pytest.mark.support


@pytest.fixture(scope="session")
def logged(request: pytest.FixtureRequest) -> Callable[[str], Path]:
    """The folder with the models of a Python, as many as are asked for, logged at once."""
    wanted = [item.callspec.params["cell"] for item in request.session.items if hasattr(item, "callspec")]
    done: dict[str, Path] = {}

    def of(python: str) -> Path:
        if python not in done:
            done[python] = models.logged(python, [each for each in wanted if each.python == python])
        return done[python]

    return of


def _cells() -> Iterator[Any]:
    for cell in sorted(cells(), key=lambda each: PYTHONS.index(each.python)):
        marks = [pytest.mark.xfail(reason=cell.red, strict=True)] if cell.red else []
        yield pytest.param(cell, id=cell.name, marks=marks)


@pytest.mark.parametrize("cell", list(_cells()))
def test_a_logged_model_answers_as_it_does_where_it_was_logged(
    cell: Cell, logged: Callable[[str], Path], tmp_path: Path
) -> None:
    if not python_of(cell.python):
        pytest.skip(f"Python {cell.python} is not on this machine")
    page.put(cell, local=f"red: {cell.red or 'it failed'}")
    folder = logged(cell.python) / cell.name
    asked = json.loads((folder / "asked.json").read_text())
    assert "error" not in asked, asked["error"]
    made, plan = serve.prepared(folder / "model", Wishes(), FOLDER / cell.python)
    http, grpc, metrics = free_port(), free_port(), free_port()
    variables = serve.variables(made, plan, http, FOLDER / cell.python) | {
        "MLSERVER_GRPC_PORT": str(grpc),
        "MLSERVER_METRICS_PORT": str(metrics),
    }
    url = f"http://127.0.0.1:{http}"
    with process(Dockerfile.read().command, variables, made, tmp_path / "log") as server:
        server.wait_until_ready(f"{url}/v2/models/mlflow-model/ready")
        answer = ask(f"{url}/v2/models/mlflow-model/infer", {key: asked[key] for key in ("inputs", "parameters")})
        beside = ask(f"{url}/invocations", asked["body"])
    assert answer.status == 200, f"{answer.text}\n{server.log.read_text()[-4000:]}"
    assert difference(answer.json, asked["right"]) is None
    # MLflow's own server has no answer for bytes.
    if cell.returned != "bytes":
        assert beside.status == 200, beside.text
        assert beside.json["predictions"] == models.near(asked["right"])
    page.put(cell, version=asked["version"], server=SERVERS[plan.server].title, local="right")
