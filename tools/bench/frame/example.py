"""The example model, trained on this machine into a folder of its own."""

import sys
from collections.abc import Sequence
from pathlib import Path

from components.clients.process import run as command
from tools.bench.frame.checkout import PROJECT
from tools.environment import tools_first


def versions(scratch: Path, alphas: Sequence[float] = (1.0,)) -> list[Path]:
    """The folders of as many versions, which differ in what they learned alone."""
    store = f"sqlite:///{scratch / 'mlflow.db'}"
    quiet = tools_first() | {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_TRACKING_URI": store}
    found = []
    for version, alpha in enumerate(alphas, 1):
        train = [sys.executable, str(PROJECT / "model" / "train.py"), "--tracking-uri", store, "--alpha", str(alpha)]
        command(train, env=quiet, cwd=scratch, timeout=None)
        target = scratch / f"model-{version}"
        source = ["--artifact-uri", f"models:/wine-quality-model/{version}", "--dst-path", str(target)]
        bring = [sys.executable, "-m", "mlflow", "artifacts", "download", *source]
        command(bring, env=quiet, cwd=scratch, timeout=None)
        found.append(target)
    return found
