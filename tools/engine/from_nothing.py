"""A preview of a stack as if it were new: no state, secret, cluster or container engine is asked for."""

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

import yaml

from components.errors import SlipwayError
from components.settings import PROJECT
from tools import stack_file
from tools.engine import policies, process
from tools.engine.stack import Stack
from tools.environment import tools_first

OPTION = "--from-nothing"


def preview(stack: Stack, extra: Sequence[str]) -> int:
    """Preview the stack on an empty state that is thrown away; placeholders stand for its secrets.

    Returns Pulumi's exit code. Raises SlipwayError.
    """
    with tempfile.TemporaryDirectory(prefix="slipway-") as name:
        folder = Path(name)
        file = folder / stack.file.name
        content = stack_file.without_secrets(stack.content)
        if existing := content["config"]["slipway:cluster"].get("existing"):
            # Whose cluster it is, is asked of whoever the kubeconfig names: here of nobody.
            existing["kubeconfig"] = str(folder / "no-kubeconfig")
        file.write_text(yaml.safe_dump(content))
        (folder / "Pulumi.yaml").write_text(f"name: {PROJECT}\nruntime: python\n")
        env = {
            **policies.startable(tools_first({**os.environ, **_own_state(folder)})),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DEBUG_COMMANDS": "true",
        }
        if code := process.pulumi(["stack", "init", stack.name, "--non-interactive", "--cwd", name], env):
            raise SlipwayError(f"the stack could not be made (exit code {code})")
        options = ["--stack", stack.name, "--config-file", str(file), "--non-interactive"]
        return process.shown(["preview", *options, *policies.options(stack, folder), *extra], env)


def _own_state(folder: Path) -> dict[str, str]:
    state = folder / "state"
    state.mkdir()
    return {"PULUMI_BACKEND_URL": f"file://{state}", "PULUMI_CONFIG_PASSPHRASE": "thrown away"}
