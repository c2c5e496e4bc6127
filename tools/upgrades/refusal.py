"""Stops an `up` that the projects' rules do not allow."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from tools.engine.problem import EngineError
from tools.engine.stack import Stack
from tools.upgrades.comparison import compare


def refuse(stack: Stack, resources: Iterable[Mapping[str, Any]], say: Callable[[str], None]) -> None:
    """Say what is good to know. Raises EngineError before anything is touched."""
    comparison = compare(stack, resources)
    for each in comparison.findings:
        if not each.refused:
            say(str(each))
    if comparison.refused:
        raise EngineError("\n".join(["nothing was changed:", *map(str, comparison.refused)]))
