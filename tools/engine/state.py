"""What the state knows of a stack."""

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from components.errors import SlipwayError
from components.settings import PROJECT
from tools.engine import process
from tools.engine.backend import own_backend
from tools.engine.stack import ROOT, Stack

# By what the state marks a value as one of Pulumi's own kinds; here it is always a secret.
_SECRET = "4dabf18193072939515e22adb298388d"


def made(stack: Stack, env: Mapping[str, str]) -> bool:
    """Whether the backend knows the stack. Raises SlipwayError when the backend cannot be read."""
    kept = ROOT / "state" / ".pulumi" / "stacks" / PROJECT / f"{stack.name}.json"
    if env["PULUMI_BACKEND_URL"] == own_backend():
        return kept.is_file()
    known = process.ask(["stack", "ls", "--json", "--cwd", str(stack.folder)], env)
    if known is None:
        raise SlipwayError(f"the state at {env['PULUMI_BACKEND_URL']} cannot be read: `pulumi whoami -v` says why")
    return stack.name in {entry["name"].rpartition("/")[2] for entry in json.loads(known)}


def make(stack: Stack, env: Mapping[str, str], *, dead: bool = False) -> None:
    """Make the stack in the backend; `dead`: whoever began to is. Raises SlipwayError."""
    init = ["stack", "init", stack.name, "--non-interactive", "--no-select", "--cwd", str(stack.folder)]
    if code := process.pulumi(init, env, dead=dead):
        raise SlipwayError(f"the stack could not be made (exit code {code})")


@dataclass(frozen=True, kw_only=True)
class Known:
    """What the state holds; `pending` are the operations that a killed run had begun."""

    resources: Sequence[dict[str, Any]] = ()
    pending: Sequence[dict[str, Any]] = ()

    @property
    def outputs(self) -> dict[str, Any]:
        """The stack's, with a word in place of each secret, as `pulumi stack output` shows them."""
        stacks = (each for each in self.resources if each["type"] == "pulumi:pulumi:Stack")
        return dict(_shown(next(stacks, {}).get("outputs") or {}))


def _shown(value: Any) -> Any:
    if isinstance(value, Mapping):
        if _SECRET in value:
            return "[secret]"
        return {key: _shown(item) for key, item in value.items()}
    return [_shown(item) for item in value] if isinstance(value, list) else value


def read(stack: Stack, env: Mapping[str, str]) -> Known:
    """Raises SlipwayError when it cannot be read: no answer is not an empty one."""
    deployment = exported(stack, env).get("deployment") or {}
    return Known(resources=deployment.get("resources") or [], pending=deployment.get("pending_operations") or [])


def resources(stack: Stack, env: Mapping[str, str]) -> Sequence[dict[str, Any]]:
    """What the state holds. Raises as `read` does."""
    return read(stack, env).resources


def exported(stack: Stack, env: Mapping[str, str], *options: str) -> dict[str, Any]:
    """The whole state, as it is imported again; secrets only with `--show-secrets`. Raises as `read` does."""
    return _answer(stack, ["stack", "export", "--cwd", str(stack.folder), "--stack", stack.name, *options], env)


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
