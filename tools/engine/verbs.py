"""What each verb does around Pulumi."""

import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tools import check, report
from tools.engine import process, state
from tools.engine.backend import environment, own_backend
from tools.engine.embedded import EmbeddedCluster
from tools.engine.problem import EngineError
from tools.engine.stack import ROOT, Stack, write_used_file
from tools.engine.vanished import take_out, vanished
from tools.environment import tools_first
from tools.toolchain.install import install
from tools.toolchain.pins import TOOLS


@dataclass(frozen=True)
class Command:
    """A verb's run: its stack, Pulumi's environment, the user's arguments for Pulumi, the cluster that comes along."""

    stack: Stack
    env: dict[str, str]
    extra: Sequence[str]
    own: EmbeddedCluster | None = None

    @property
    def named(self) -> list[str]:
        return ["--stack", self.stack.name]

    @property
    def configured(self) -> list[str]:
        return [*self.named, "--config-file", str(self.stack.used_file), "--non-interactive"]

    @property
    def confirmed(self) -> list[str]:
        return [*self.configured, "--yes", "--skip-preview"]

    @property
    def gone(self) -> bool:
        """Whether the state has a cluster, or what was on it, that is no more."""
        if vanished(self.stack, self.env):
            return True
        return bool(self.own and self.own.lost and state.resources(self.stack, self.env))


def output(command: Command) -> int:
    return process.pulumi(["stack", "output", *command.named, *command.extra], command.env)


def cancel(command: Command) -> int:
    return process.pulumi(["cancel", *command.named, "--yes", *command.extra], command.env)


def preview(command: Command) -> int:
    return process.pulumi(["preview", *command.configured, *command.extra], command.env)


def refresh(command: Command) -> int:
    if command.gone:
        return take_out(command.stack, command.env)
    return process.pulumi(["refresh", *command.confirmed, *command.extra], command.env)


def up(command: Command) -> int:
    if command.gone and (code := take_out(command.stack, command.env)):
        return code
    # The report below says what the outputs would.
    code = process.pulumi(["up", *command.confirmed, "--suppress-outputs", *command.extra], command.env)
    if code == 0:
        outputs = state.outputs(command.stack, command.env)
        print(report.text(outputs, command.stack.name))
        if command.own:
            print(command.own.summary(outputs))
    return code


def destroy(command: Command) -> int:
    code = process.pulumi(["destroy", *command.confirmed, *command.extra], command.env)
    if code == 0:
        if command.own:
            command.own.remove()
        # What others share is not ours to forget.
        if command.env["PULUMI_BACKEND_URL"] == own_backend():
            state.forget(command.stack, command.env)
    return code


VERBS: dict[str, Callable[[Command], int]] = {
    "up": up,
    "preview": preview,
    "refresh": refresh,
    "destroy": destroy,
    "output": output,
    "cancel": cancel,
}


def run(verb: str, stack: Stack, extra: Sequence[str]) -> int:
    """Check the settings, get the tools, make the stack if it is new, do the verb; return Pulumi's exit code."""
    if found := check.faults(stack.file):
        raise EngineError("\n".join(found))
    own: EmbeddedCluster | None = None
    if stack.embedded:
        own = EmbeddedCluster(stack)
        own.start(verb)
    elif not shutil.which("pulumi", path=tools_first()["PATH"]):
        install([tool for tool in TOOLS if tool.name in ("pulumi", "kubernetes-provider")])
    return VERBS[verb](Command(stack, prepare(stack), extra, own))


def prepare(stack: Stack) -> dict[str, str]:
    """Write the file that Pulumi is given, make the stack if it is new; return the environment."""
    content = stack.content
    env = environment(stack, content, os.environ)
    if stack.embedded:
        # All that it needs is in .tools: a plugin that only its list of packages names would be looked for in vain.
        env.setdefault("PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION", "true")
    (ROOT / "state").mkdir(parents=True, exist_ok=True, mode=0o700)
    write_used_file(stack, content)
    if not state.made(stack, env):
        state.make(stack, env)
    return env
