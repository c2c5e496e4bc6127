"""Bring a model's files: `python -m tools.embedded.fetching`, properties on stdin, outputs on the last line of stdout.

In a process of its own: MLflow keeps the server that it was last told for the rest of the process.
"""

import json
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from components.dynamic.model_files import fetch
from components.errors import SlipwayError


def fetched(props: Mapping[str, Any], env: Mapping[str, str]) -> dict[str, Any]:
    """What `components.dynamic.model_files.fetch` returns. Raises SlipwayError."""
    done = subprocess.run(
        [sys.executable, "-m", "tools.embedded.fetching"],
        input=json.dumps(props),
        env={**env, "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SlipwayError(f"the files of {props['source']} could not be brought:\n{done.stderr.strip()[-2000:]}")
    return dict(json.loads(done.stdout.splitlines()[-1]))


if __name__ == "__main__":
    given = json.load(sys.stdin)
    try:
        print(json.dumps(fetch(given)))
    except (OSError, LookupError) as error:
        raise SystemExit(str(error)) from None
