"""What the state knows of a stack."""

import json
import shutil
from collections.abc import Mapping
from typing import Any

from components.errors import SlipwayError
from components.settings import PROJECT
from tools.engine import process
from tools.engine.backend import own_backend
from tools.engine.stack import ROOT, Stack


def made(stack: Stack, env: Mapping[str, str]) -> bool:
    """Whether the backend knows the stack. Raises SlipwayError when the backend cannot be read."""
    kept = ROOT / "state" / ".pulumi" / "stacks" / PROJECT / f"{stack.name}.json"
    if env["PULUMI_BACKEND_URL"] == own_backend():
        return kept.is_file()
    known = process.ask(["stack", "ls", "--json", "--cwd", str(stack.folder)], env)
    if known is None:
        raise SlipwayError(f"the state at {env['PULUMI_BACKEND_URL']} cannot be read: `pulumi whoami -v` says why")
    return stack.name in {entry["name"].rpartition("/")[2] for entry in json.loads(known)}


def make(stack: Stack, env: Mapping[str, str]) -> None:
    """Make the stack in the backend. Raises SlipwayError."""
    init = ["stack", "init", stack.name, "--non-interactive", "--no-select", "--cwd", str(stack.folder)]
    if code := process.pulumi(init, env):
        raise SlipwayError(f"the stack could not be made (exit code {code})")


def resources(stack: Stack, env: Mapping[str, str], *options: str) -> list[dict[str, Any]]:
    """What the state holds, secrets only with the option `--show-secrets`.

    Raises SlipwayError when it cannot be read: no answer is not an empty one.
    """
    export = ["stack", "export", "--cwd", str(stack.folder), "--stack", stack.name, *options]
    return (_answer(stack, export, env).get("deployment") or {}).get("resources") or []


def opened(value: Any) -> Any:
    """A value of a resource that was read with `--show-secrets`, without the wrapper of a secret."""
    return json.loads(value["plaintext"]) if isinstance(value, dict) and "plaintext" in value else value


def outputs(stack: Stack, env: Mapping[str, str], *options: str) -> dict[str, Any]:
    """The stack's outputs, secrets only with the option `--show-secrets`; {} before the first `up`."""
    return _answer(stack, ["stack", "output", "--stack", stack.name, "--json", *options], env)


def _answer(stack: Stack, question: list[str], env: Mapping[str, str]) -> dict[str, Any]:
    said = process.ask(question, env)
    if said is None:
        raise SlipwayError(
            f"the state of {stack.name} at {env['PULUMI_BACKEND_URL']} cannot be read, and nothing was done",
            remedy=f"`pulumi {' '.join(question[:2])} --stack {stack.name}` says why",
        )
    return dict(json.loads(said))


def forget(stack: Stack, env: Mapping[str, str]) -> None:
    """Remove the destroyed stack and its files; the passphrase and other stacks' states stay."""
    remove = ["stack", "rm", stack.name, "--yes", "--preserve-config", "--cwd", str(stack.folder)]
    if process.pulumi(remove, env) == 0:
        shutil.rmtree(stack.folder)
