"""The environment that the project's tools are run in."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

BIN = Path(__file__).parents[1] / ".tools" / "bin"


def tools_first(given: Mapping[str, str] = os.environ) -> dict[str, str]:
    """`given`, with this Python (Pulumi's language host takes the first on PATH) and the pinned tools found first."""
    first = [str(Path(sys.executable).parent), str(BIN)]
    return {**given, "PATH": os.pathsep.join([*first, given.get("PATH", "")])}
