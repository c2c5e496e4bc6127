"""Run Pulumi on a stack: `python -m tools.engine up dev`.

Checks the stack's settings first, keeps the state in the checkout unless the stack (`slipway:backend`) or the
environment names another backend, and makes a passphrase for a state that it keeps itself. Arguments after the stack
go to Pulumi as they are.
"""

import argparse
import errno
import json
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from components import kind
from components.process import CommandFailed
from components.settings import PROJECT
from tools import check, report, stack_file
from tools.embedded import summary
from tools.embedded.problem import EmbeddedError
from tools.embedded.stack import EmbeddedStack
from tools.environment import tools_first
from tools.toolchain.install import install
from tools.toolchain.pins import TOOLS
from tools.toolchain.problem import ToolchainError

VERBS = ("up", "preview", "refresh", "destroy", "output", "cancel")
ROOT = Path(".slipway")


class EngineError(Exception):
    """What stops the run before Pulumi starts; the message says what to do."""


@dataclass(frozen=True)
class Stack:
    """One stack and where its files are."""

    name: str

    @property
    def folder(self) -> Path:
        return ROOT / self.name

    @property
    def file(self) -> Path:
        return stack_file.path_of(self.name)

    @property
    def used_file(self) -> Path:
        """The file that Pulumi is given: the committed one, the override, and the salt that belongs to the state."""
        return self.folder / self.file.name


def own_backend() -> str:
    """The state that is kept in the checkout."""
    return f"file://{(ROOT / 'state').absolute()}"


def environment(stack: Stack, content: Mapping[str, Any], given: Mapping[str, str]) -> dict[str, str]:
    """The environment that Pulumi runs in. Raises EngineError when a shared state comes without a passphrase."""
    env = tools_first(given)
    backend = given.get("PULUMI_BACKEND_URL") or content.get("config", {}).get(f"{stack_file.PREFIX}backend")
    own = not backend
    env["PULUMI_BACKEND_URL"] = backend or own_backend()
    env.setdefault("PULUMI_SKIP_UPDATE_CHECK", "true")
    if "secretsprovider" in content or "PULUMI_CONFIG_PASSPHRASE" in given or "PULUMI_CONFIG_PASSPHRASE_FILE" in given:
        return env
    if not own:
        raise EngineError(
            f"the state of {stack.name} is at {backend}, and its secrets need a passphrase that its users share: set "
            "PULUMI_CONFIG_PASSPHRASE_FILE (or `secretsprovider` in the stack file)"
        )
    env["PULUMI_CONFIG_PASSPHRASE_FILE"] = str(passphrase_file())
    return env


def passphrase_file() -> Path:
    """The passphrase of the checkout's own state, made on first use, readable by its owner only."""
    path = (ROOT / "passphrase").absolute()
    path.parent.mkdir(exist_ok=True, mode=0o700)
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(32))
    except FileExistsError:
        path.chmod(0o600)
    return path


def write_used_file(stack: Stack, content: Mapping[str, Any]) -> None:
    """Write the file that Pulumi is given, keeping the salt that an earlier run got."""
    stack.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    kept = stack_file.read(stack.used_file) if stack.used_file.is_file() else {}
    salt = {key: kept[key] for key in ("encryptionsalt",) if key in kept}
    stack.used_file.write_text(yaml.safe_dump({**salt, **content}, sort_keys=False))
    # `pulumi stack init` has no --config-file: it is run in this folder, and finds the file under its usual name.
    (stack.folder / "Pulumi.yaml").write_text(f"name: {PROJECT}\nruntime: python\n")


def pulumi(arguments: Sequence[str], env: Mapping[str, str]) -> int:
    """Run Pulumi in the foreground and return its exit code."""
    with subprocess.Popen(["pulumi", *arguments], env=env) as process:
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:
                # The terminal told Pulumi too: it ends what is under way and writes its state, and must be let to.
                continue


def ask(arguments: Sequence[str], env: Mapping[str, str]) -> str | None:
    """Pulumi's output, or None when it fails."""
    done = subprocess.run(["pulumi", *arguments], env=env, check=False, capture_output=True, text=True)
    return done.stdout if done.returncode == 0 else None


def made(stack: Stack, env: Mapping[str, str]) -> bool:
    """Whether the backend knows the stack. Raises EngineError when the backend cannot be read."""
    kept = ROOT / "state" / ".pulumi" / "stacks" / PROJECT / f"{stack.name}.json"
    if env["PULUMI_BACKEND_URL"] == own_backend():
        return kept.is_file()
    known = ask(["stack", "ls", "--json", "--cwd", str(stack.folder)], env)
    if known is None:
        raise EngineError(f"the state at {env['PULUMI_BACKEND_URL']} cannot be read: `pulumi whoami -v` says why")
    return stack.name in {entry["name"].rpartition("/")[2] for entry in json.loads(known)}


def prepare(stack: Stack) -> dict[str, str]:
    """Write the file that Pulumi is given, make the stack if it is new; return the environment."""
    content = stack_file.effective(stack.file)
    env = environment(stack, content, os.environ)
    if embedded(stack):
        # All that it needs is in .tools: a plugin that only its list of packages names would be looked for in vain.
        env.setdefault("PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION", "true")
    (ROOT / "state").mkdir(parents=True, exist_ok=True, mode=0o700)
    write_used_file(stack, content)
    if not made(stack, env):
        init = ["stack", "init", stack.name, "--non-interactive", "--no-select", "--cwd", str(stack.folder)]
        if code := pulumi(init, env):
            raise EngineError(f"the stack could not be made (exit code {code})")
    return env


def embedded(stack: Stack) -> bool:
    """Whether the stack brings its own cluster (`slipway:embedded`)."""
    return "embedded" in stack_file.settings_of(stack_file.effective(stack.file))


def vanished(stack: Stack, env: Mapping[str, str]) -> bool:
    """Whether the stack's kind cluster is in its state and nowhere else. Raises CommandFailed when it is stopped."""
    section = stack_file.settings_of(stack_file.effective(stack.file))["cluster"].get("kind")
    if not section or kind.there(section["name"]):
        return False
    kept = resources(stack, env)
    return any(each.get("id") == section["name"] and "kubeconfig" in each.get("outputs", {}) for each in kept)


def holds_resources(stack: Stack, env: Mapping[str, str]) -> bool:
    return bool(resources(stack, env))


def resources(stack: Stack, env: Mapping[str, str]) -> list[dict[str, Any]]:
    """What the state holds."""
    state = json.loads(ask(["stack", "export", "--cwd", str(stack.folder), "--stack", stack.name], env) or "{}")
    return (state.get("deployment") or {}).get("resources") or []


def take_out(stack: Stack, env: Mapping[str, str]) -> int:
    """Take what was on a vanished cluster out of the state."""
    print(f"the cluster of {stack.name} is gone: taking it, and what was on it, out of the state")
    options = [
        "--stack",
        stack.name,
        "--config-file",
        str(stack.used_file),
        "--non-interactive",
        "--yes",
        "--suppress-outputs",
    ]
    return pulumi(["refresh", *options], {**env, "PULUMI_K8S_DELETE_UNREACHABLE": "true"})


def run(verb: str, stack: Stack, extra: Sequence[str]) -> int:
    if found := check.faults(stack.file):
        raise EngineError("\n".join(found))
    own: EmbeddedStack | None = None
    lost = False
    if embedded(stack):
        install()
        own = EmbeddedStack(stack.file, tools_first(), lambda line: print(line, flush=True))
        lost = own.new
        if verb not in ("output", "cancel"):
            own.up(example=verb == "up")
    elif not shutil.which("pulumi", path=tools_first()["PATH"]):
        install([tool for tool in TOOLS if tool.name in ("pulumi", "kubernetes-provider")])
    env = prepare(stack)
    common = ["--stack", stack.name]
    if verb == "output":
        return pulumi(["stack", "output", *common, *extra], env)
    if verb == "cancel":
        return pulumi(["cancel", *common, "--yes", *extra], env)
    common += ["--config-file", str(stack.used_file), "--non-interactive"]
    if verb == "preview":
        return pulumi(["preview", *common, *extra], env)
    if verb in ("up", "refresh") and (vanished(stack, env) or (lost and holds_resources(stack, env))):
        code = take_out(stack, env)
        if code or verb == "refresh":
            return code
    # The report below says what the outputs would.
    confirmed = ["--yes", "--skip-preview", *(["--suppress-outputs"] if verb == "up" else [])]
    code = pulumi([verb, *common, *confirmed, *extra], env)
    if code == 0 and verb == "up":
        made_outputs = outputs(stack, env)
        print(report.text(made_outputs, stack.name))
        if own:
            print(summary.text(made_outputs, own.existing.kubeconfig))
    if code == 0 and verb == "destroy":
        if own:
            own.remove()
        # What others share is not ours to forget.
        if env["PULUMI_BACKEND_URL"] == own_backend():
            forget(stack, env)
    return code


def outputs(stack: Stack, env: Mapping[str, str], *options: str) -> dict[str, Any]:
    """The stack's outputs; secrets only with the option `--show-secrets`."""
    return dict(json.loads(ask(["stack", "output", "--stack", stack.name, "--json", *options], env) or "{}"))


def forget(stack: Stack, env: Mapping[str, str]) -> None:
    """Remove the destroyed stack and its files; the passphrase and other stacks' states stay."""
    if pulumi(["stack", "rm", stack.name, "--yes", "--preserve-config", "--cwd", str(stack.folder)], env) == 0:
        shutil.rmtree(stack.folder)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.engine", description=__doc__)
    parser.add_argument("verb", choices=VERBS)
    parser.add_argument("stack")
    arguments, extra = parser.parse_known_args()
    try:
        return run(arguments.verb, Stack(arguments.stack), extra)
    except (EngineError, ToolchainError, EmbeddedError, stack_file.StackFileError, CommandFailed) as error:
        print(error, file=sys.stderr)
        return 1
    except PermissionError as error:
        print(f"{error.filename}: no write access: make the checkout writable for this user", file=sys.stderr)
        return 1
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        print(f"the disk of {ROOT.absolute()} is full: make room, then run the same command again", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"\nstopped; `make {arguments.verb}` goes on from here", file=sys.stderr)
        return 130


if __name__ == "__main__":
    raise SystemExit(main())
