"""The commands of a person with a dev stack, and what such a stack could leave on this machine."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tools import stack_file

OVERRIDE = stack_file.override_path_of(stack_file.path_of("dev"))
# An override file may call it otherwise, beside another checkout's.
CLUSTER = str(stack_file.settings_of(stack_file.effective(stack_file.path_of("dev")))["cluster"]["kind"]["name"])


def run(*command: str, timeout: float = 1800, given: str | None = None) -> str:
    """The command's output; fails the test with it when the command fails."""
    done = subprocess.run(command, input=given, capture_output=True, text=True, timeout=timeout, check=False)
    assert done.returncode == 0, f"{' '.join(command)} exited with {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def engine(verb: str, *extra: str) -> str:
    return run(sys.executable, "-m", "tools", verb, "dev", *extra)


def override(settings: Mapping[str, Any]) -> None:
    """Lay these settings over the stack's."""
    OVERRIDE.write_text(yaml.safe_dump({"config": dict(settings)}))


def kubectl(*arguments: str, given: str | None = None) -> str:
    return run("kubectl", "--kubeconfig", ".slipway/dev/kubeconfig", *arguments, given=given)


def debris() -> dict[str, str]:
    kubeconfig = Path("~/.kube/config").expanduser()
    return {
        "containers": run("docker", "ps", "--all", "--quiet", "--filter", f"name={CLUSTER}"),
        "networks": run("docker", "network", "ls", "--quiet", "--filter", f"name={CLUSTER}"),
        "kubeconfig": CLUSTER if kubeconfig.is_file() and CLUSTER in kubeconfig.read_text() else "",
        "files": str(Path(".slipway/dev")) if Path(".slipway/dev").exists() else "",
    }
