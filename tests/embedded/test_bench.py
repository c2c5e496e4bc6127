"""The benchmarks that bring their own cluster work; how fast anything is, is no test."""

import pytest

from tools.bench import engine
from tools.bench.frame.found import named
from tools.bench.frame.measure import Asked, measured
from tools.bench.frame.page import markdown
from tools.toolchain.install import is_there
from tools.toolchain.pins import TOOLS

pytestmark = pytest.mark.bench


@pytest.fixture(autouse=True)
def tools() -> None:
    """Each benchmark brings a cluster of its own: the one that other tests share is not started for it."""
    missing = [tool.name for tool in TOOLS if not is_there(tool)]
    assert not missing, f"run `make tools` first: {', '.join(missing)}"


def test_the_engine_is_measured_beside_its_alternatives_at_every_step() -> None:
    result = measured(named("engine"), Asked(quick=True))
    ways = {what: {row.way for row in result.rows if row.what == what} for what in engine.STEPS}
    everyone = {"Slipway", "plain Pulumi", "kubectl"}
    assert ways == {
        what: everyone - ({"kubectl"} if what in (engine.PREVIEW, engine.REFRESH) else set()) for what in engine.STEPS
    }
    assert all(value > 0 for row in result.rows for value in row.values)
    assert "## up from nothing" in markdown(result)


def test_starting_up_is_measured_beside_an_empty_program() -> None:
    result = measured(named("startup"), Asked(quick=True))
    assert {row.what for row in result.rows} == {"second up", "imports"}
    assert len([row for row in result.rows if row.what == "second up"]) == 3
