"""Bring a model's files: `python -m tools.embedded.fetching FOLDER`, inputs on stdin, what came on stdout's last line.

In a process of its own: MLflow keeps the server that it was last told for the rest of the process.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from components.clients.process import CommandFailed, run
from components.errors import SlipwayError
from components.serving.bringing import bring


def fetched(props: Mapping[str, Any], folder: Path, env: Mapping[str, str]) -> dict[str, Any]:
    """What `components.serving.bringing.bring` returns. Raises SlipwayError."""
    command = [sys.executable, "-m", "tools.embedded.fetching"]
    quiet = {**env, "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false"}
    try:
        said = run([*command, str(folder)], stdin=json.dumps(props), env=quiet, timeout=None)
    except CommandFailed as error:
        raise SlipwayError(f"the files of {props['source']} could not be brought:\n{error.output[-2000:]}") from None
    return dict(json.loads(said.splitlines()[-1]))


if __name__ == "__main__":
    given = json.load(sys.stdin)
    try:
        print(json.dumps(bring(given, Path(sys.argv[1]))))
    except (OSError, LookupError) as error:
        raise SystemExit(str(error)) from None
