"""The policies of folder policy/, as preview and up are given them."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

from components.settings import Policies, parse_settings
from policy.pack import levels
from tools.engine.stack import Stack
from tools.files import write_whole

PACK = Path(__file__).parents[2] / "policy" / "launch"
# Pulumi's own word for a policy that is not asked.
_OFF = {"off": "disabled"}


def of(stack: Stack) -> Policies:
    """The stack's `slipway:policies`. Raises SettingsError."""
    return parse_settings(stack.values).policies


def configuration(policies: Policies) -> dict[str, str]:
    """Every policy's level, as Pulumi's --policy-pack-config takes it."""
    chosen = {name: choice.level for name, choice in policies.levels.items()}
    return {name: _OFF.get(level, level) for name, level in levels(policies.production, chosen).items()}


def options(stack: Stack, folder: Path) -> list[str]:
    """Pulumi's arguments, and the file in `folder` that they name. Raises SettingsError."""
    path = folder / "policies.json"
    write_whole(path, json.dumps(configuration(of(stack)), indent=2))
    return ["--policy-pack", os.path.relpath(PACK), "--policy-pack-config", str(path)]


def startable(env: Mapping[str, str]) -> dict[str, str]:
    """`env`, with the starter of the policies on PATH."""
    return {**env, "PATH": os.pathsep.join([env["PATH"], str(PACK)])}
