"""The simulator decides as the real kube-controller-manager does, at every sync of random cases."""

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.hpa import agreement, cases, control_plane, harness
from tests.hpa.agreement import Compared

GATES = "HPAConfigurableTolerance=true,HPAScaleToZero=true"
SYNCS = 12
ROUNDS = 4
SPARE = 2
# Seconds that a batch may take, on a machine that has much else to do.
PATIENCE = 240
# How close to the end of a window a sync of ties may be.
TIGHT = 0.0015

pytestmark = pytest.mark.skipif(
    bool(control_plane.missing()),
    reason=f"not on PATH: {', '.join(control_plane.missing())} (run `make tools`)",
)


@dataclass(frozen=True)
class Result:
    """One case. `updates` are the replicas that the controller set, in the API server's record."""

    name: str
    syncs: Sequence[Compared]
    updates: Sequence[int]


def _results(folder: Path, seed: str, count: int, gates: str, *, ties: bool = False) -> list[Result]:
    """At least `count` cases without a doubtful sync: two more are run, and again as many as are still wanting.

    Of `ties` the doubtful syncs are left out one by one, as each case comes close to the end of some window.
    """
    results: list[Result] = []
    controller = cases.controller(random.Random(seed), bool(gates), ties=ties)
    with control_plane.running(folder, gates) as plane, harness.serving(plane) as runs:
        for attempt in range(ROUNDS):
            names = [f"case-{attempt}-{number}" for number in range(count - len(results) + SPARE)]
            batch = [cases.case(seed, name, int(time.time()), bool(gates)) for name in names]
            runs.append(harness.Run(plane, controller, batch, SYNCS, ties=ties))
            for name, live in runs[-1].run(PATIENCE).items():
                compared = agreement.compare(live, controller, TIGHT if ties else agreement.CLOSE)
                doubts = [sync.doubt for sync in compared if sync.doubt]
                if doubts and not ties:
                    print(f"{seed}/{name}: left out: {doubts[0]}")
                else:
                    # What follows a doubtful sync goes by what it came to, which is not known for sure either.
                    sure = next((place for place, sync in enumerate(compared) if sync.doubt), len(compared))
                    results.append(Result(f"{seed}/{name}", compared[:sure], live.updates))
            if len(results) >= count:
                return results
    raise AssertionError(f"only {len(results)} of {count} cases were free of doubt after {ROUNDS} attempts")


def _agree(results: Sequence[Result], report: list[str]) -> None:
    syncs = [(result, sync) for result in results for sync in result.syncs]
    wrong = [(result, sync) for result, sync in syncs if not sync.agrees]
    changed = sum(sync.seen.desired not in (None, sync.seen.wanted) for _, sync in syncs)
    report.append(
        f"HPA simulator and real controller: {len(syncs) - len(wrong)} of {len(syncs)} decisions agree "
        f"({len(results)} cases, {changed} changes of replicas)"
    )
    assert not wrong, "\n".join(
        f"{result.name}: simulated {sync.simulated}, real {sync.seen}" for result, sync in wrong[:3]
    )
    for result in results:
        decided = [sync.seen.desired for sync in result.syncs if sync.seen.desired not in (None, sync.seen.wanted)]
        # The log of the last one may have been cut off with the controller.
        assert decided == result.updates[: len(decided)], result.name
        assert len(result.syncs) < SYNCS or len(result.updates) - len(decided) <= 1, result.name


def test_twenty_random_cases_decide_as_the_real_controller(tmp_path: Path, report: list[str]) -> None:
    _agree(_results(tmp_path, "short", 20, GATES), report)


@pytest.mark.controller
@pytest.mark.parametrize("gates", ["", GATES], ids=["stable", "with-alpha-gates"])
@pytest.mark.parametrize("seed", range(10))
def test_fifty_random_cases_decide_as_the_real_controller(
    tmp_path: Path, report: list[str], seed: int, gates: str
) -> None:
    _agree(_results(tmp_path, f"{seed}-{bool(gates)}", 50, gates), report)


@pytest.mark.controller
@pytest.mark.parametrize("seed", range(2))
def test_syncs_just_after_the_end_of_a_window_decide_as_the_real_controllers(
    tmp_path: Path, report: list[str], seed: int
) -> None:
    _agree(_results(tmp_path, f"ties-{seed}", 50, GATES, ties=True), report)
