"""A new version of a model, from the changed stack file to its right answer.

A version with the same requirements and another file is registered beside the one that is served, outside of the time
that is measured; then the stack file's `source` is changed to it and `up` is run, which builds and pushes the model's
own layer, replaces the pods, and ends when the new version gave the right answer. Beside it stands what no way to
deploy can be faster than: the same pods are replaced (by an annotation of the InferenceService's pods), until the new
ones are ready and the old ones are going. The stack file is as it was afterwards, and the cluster too.

The picture shows what the last run waited for.
"""

import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from tools import release, stack_edit
from tools.bench.frame.row import Row
from tools.bench.frame.run import Run, Timed, rows_of, timed
from tools.bench.frame.served import Model
from tools.bench.frame.stack_runs import ran, shown
from tools.bench.frame.versions import registered_again
from tools.engine.stack import Stack

NEEDS_STACK = True
# It changes what a running stack serves.
ONLY_BY_NAME = True

_WHAT = "from the changed source to the right answer"
_ALONE = "the pods replaced, alone"


def rows(run: Run) -> Iterator[Row]:
    stack = Stack(run.needed_stack())
    model = Model.first_of(stack)
    served = stack_edit.model_of(stack.file, model.found.name)["source"]
    file = stack_edit.owner_of(stack.file)
    before = file.read_bytes()
    found: dict[str, list[Timed]] = {"Slipway": [], _ALONE: []}
    try:
        for number in range(run.repeats):
            run.say(f"round {number + 1} of {run.repeats}")
            source = registered_again(stack, served, partial(_noted, number))
            release.rollback(stack.file, model.found.name, source)
            found["Slipway"].append(timed(lambda: ran("up", stack)))
            shown(run, stack)
            found[_ALONE].append(timed(lambda: model.replace_pods("once")))
            model.replace_pods(None)
    finally:
        file.write_bytes(before)
        ran("up", stack)
    yield from rows_of(_WHAT, found)


def _noted(number: int, folder: Path) -> None:
    (folder / "bench.txt").write_text(f"{time.time()} {number}\n")
