"""Bring a model's files: `python -m tools.embedded.fetching`, properties on stdin, outputs on the last line of stdout.

In a process of its own: MLflow keeps the server that it was last told for the rest of the process.
"""

import json
import sys
from collections.abc import Mapping
from typing import Any

from components.clients.process import CommandFailed, run
from components.dynamic.model_files import fetch
from components.errors import SlipwayError


def fetched(props: Mapping[str, Any], env: Mapping[str, str]) -> dict[str, Any]:
    """What `components.dynamic.model_files.fetch` returns. Raises SlipwayError."""
    quiet = {**env, "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false"}
    try:
        said = run([sys.executable, "-m", "tools.embedded.fetching"], stdin=json.dumps(props), env=quiet, timeout=None)
    except CommandFailed as error:
        raise SlipwayError(f"the files of {props['source']} could not be brought:\n{error.output[-2000:]}") from None
    return dict(json.loads(said.splitlines()[-1]))


if __name__ == "__main__":
    given = json.load(sys.stdin)
    try:
        print(json.dumps(fetch(given)))
    except (OSError, LookupError) as error:
        raise SystemExit(str(error)) from None
