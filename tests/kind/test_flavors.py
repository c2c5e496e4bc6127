"""A dozen models, logged under their own Pythons and registered at the stack's MLflow, served by one `up` on kind.

The dev stack's own names, ports and override file (a mirror, a CA), without Knative; it refuses to start while a dev
stack is up. What it sees goes into docs/model-support.md. Needs Python 3.11, 3.12 and 3.13.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from components.dynamic.prediction import request
from components.serving.agreement import difference
from components.settings.merge import merged
from tests.kind.commands import engine, override
from tests.model.server import ask
from tests.support import models, page
from tests.support.cells import PYTHONS, Cell, on_kind
from tools.engine.stack import Stack
from tools.predict import Served, served

pytestmark = pytest.mark.kind

LEAN = {"slipway:platform": {"serverless": "off"}}
# All of them on one small node.
SMALL = {"requests": {"cpu": "20m", "memory": "128Mi"}, "limits": {"cpu": "2", "memory": "1Gi"}}


@pytest.fixture(scope="module")
def asked(machine: None, own: dict[str, Any]) -> Iterator[Mapping[str, dict[str, Any]]]:  # noqa: ARG001
    """What each model is asked, by its name, when all of them are served."""
    lean = merged(own, LEAN)
    override(merged(lean, {"slipway:models": []}))
    engine("up")
    tracking = json.loads(engine("output", "--json"))["tracking"]
    found: dict[str, dict[str, Any]] = {}
    for python in PYTHONS:
        wanted = [cell for cell in on_kind() if cell.python == python]
        folder = models.logged(python, wanted, tracking)
        found |= {cell.name: json.loads((folder / cell.name / "asked.json").read_text()) for cell in wanted}
    assert not [each["error"] for each in found.values() if "error" in each]
    entries = [{"name": name, "source": each["source"], "resources": SMALL} for name, each in found.items()]
    override(merged(lean, {"slipway:models": entries}))
    print(engine("up"))
    yield found
    engine("destroy")


@pytest.fixture(scope="module")
def answering(asked: Mapping[str, Any]) -> Mapping[str, Served]:  # noqa: ARG001
    return {each.name: each for each in served(Stack("dev"), None)}


@pytest.mark.parametrize("cell", on_kind(), ids=lambda cell: cell.name)
def test_a_registered_model_answers_on_kind_as_it_does_where_it_was_logged(
    cell: Cell, asked: Mapping[str, dict[str, Any]], answering: Mapping[str, Served]
) -> None:
    page.put(cell, kind="red: it failed")
    question, model = asked[cell.name], answering[cell.name]
    answer = request(model.url, model.host, {key: question[key] for key in ("inputs", "parameters")})
    assert difference(answer, question["right"]) is None
    beside = ask(model.url.partition("/v2/")[0] + "/invocations", question["body"], {"Host": model.host})
    assert beside.status == 200, beside.text
    assert beside.json["predictions"] == models.near(question["right"])
    page.put(cell, kind="right")
