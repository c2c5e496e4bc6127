"""What each verb does around Pulumi."""

import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from components.clients import private
from components.errors import SlipwayError
from tools import check, report
from tools.engine import from_nothing, policies, process, protection, state
from tools.engine.backend import environment, own_backend
from tools.engine.embedded import EmbeddedCluster
from tools.engine.stack import ROOT, Stack, write_used_file
from tools.engine.vanished import take_out, vanished
from tools.environment import tools_first
from tools.parts import before
from tools.teardown import guarded
from tools.toolchain.install import install
from tools.toolchain.pins import TOOLS


@dataclass(frozen=True)
class Command:
    """A verb's run: its stack, Pulumi's environment, the user's arguments for Pulumi, the cluster that comes along.

    `confirm` is the word without which kept data is not let go.
    """

    stack: Stack
    env: dict[str, str]
    extra: Sequence[str]
    own: EmbeddedCluster | None = None
    confirm: str | None = None

    @property
    def named(self) -> list[str]:
        return ["--stack", self.stack.name]

    @property
    def configured(self) -> list[str]:
        return [*self.named, "--config-file", str(self.stack.used_file), "--non-interactive"]

    @property
    def checked(self) -> list[str]:
        """Configured, and held to the policies."""
        return [*self.configured, *policies.options(self.stack, self.stack.folder)]

    @property
    def confirmed(self) -> list[str]:
        return [*self.configured, "--yes", "--skip-preview"]

    @property
    def gone(self) -> bool:
        """Whether the state has a cluster, or what was on it, that is no more."""
        if vanished(self.stack, self.env):
            return True
        return bool(self.own and self.own.lost and state.resources(self.stack, self.env))


def say(line: str) -> None:
    print(line, flush=True)


def output(command: Command) -> int:
    return process.pulumi(["stack", "output", *command.named, *command.extra], command.env)


def cancel(command: Command) -> int:
    return process.pulumi(["cancel", *command.named, "--yes", *command.extra], command.env)


def preview(command: Command) -> int:
    if not command.own:
        before.preview(command.stack, state.resources(command.stack, command.env), say)
    return process.pulumi(["preview", *command.checked, *command.extra], command.env)


def refresh(command: Command) -> int:
    if command.gone:
        return take_out(command.stack, command.env)
    return process.pulumi(["refresh", *command.confirmed, *command.extra], command.env)


def up(command: Command) -> int:
    if command.gone and (code := take_out(command.stack, command.env)):
        return code
    if code := let_go(command, "up"):
        return code
    if not command.own:
        before.up(command.stack, state.resources(command.stack, command.env), say)
    # The policies that need to see all resources speak last: in production a preview has them speak before anything is
    # made.
    ahead = [] if policies.of(command.stack).production else ["--skip-preview"]
    # The report below says what the outputs would.
    options = [*command.checked, "--yes", *ahead, "--suppress-outputs", *command.extra]
    code = process.pulumi(["up", *options], command.env)
    if code == 0:
        outputs = state.outputs(command.stack, command.env)
        print(report.text(outputs, command.stack.name))
        if command.own:
            print(command.own.summary(outputs))
    return code


def let_go(command: Command, verb: str) -> int:
    """Take the protection off data that the stack file no longer keeps. Raises SlipwayError without confirmation."""
    known = state.resources(command.stack, command.env)
    return protection.release(command.stack, known, command.confirm, command.env, verb)


def destroy(command: Command) -> int:
    if code := let_go(command, "destroy"):
        return code
    keep = protection.protected(state.resources(command.stack, command.env))
    options = ["--exclude-protected"] if keep else []
    code = guarded.destroy(
        command.stack,
        lambda: process.pulumi(["destroy", *command.confirmed, *options, *command.extra], command.env),
        lambda: state.resources(command.stack, command.env),
        say,
    )
    if code == 0 and keep:
        print(protection.report(command.stack, keep))
    elif code == 0:
        if command.own:
            command.own.remove()
        forget(command)
    return code


def forget(command: Command) -> None:
    """Remove a destroyed stack from the backend, unless something of it was kept."""
    # What others share is not ours to forget.
    if command.env["PULUMI_BACKEND_URL"] == own_backend() and not state.resources(command.stack, command.env):
        state.forget(command.stack, command.env)


VERBS: dict[str, Callable[[Command], int]] = {
    "up": up,
    "preview": preview,
    "refresh": refresh,
    "destroy": destroy,
    "output": output,
    "cancel": cancel,
}


def run(verb: str, stack: Stack, extra: Sequence[str], confirm: str | None = None) -> int:
    """Check the settings, get the tools, make the stack if it is new, do the verb; return Pulumi's exit code."""
    if from_nothing.OPTION in extra:
        _check(stack)
        if verb != "preview":
            raise SlipwayError(f"{from_nothing.OPTION} is for preview; {verb} needs the stack's own state")
        _get_pulumi()
        return from_nothing.preview(stack, [each for each in extra if each != from_nothing.OPTION])
    return VERBS[verb](command(stack, extra, verb, confirm))


def command(stack: Stack, extra: Sequence[str], verb: str = "destroy", confirm: str | None = None) -> Command:
    """What a verb needs before Pulumi runs. Raises SlipwayError for faulty settings, before anything is made."""
    _check(stack)
    own: EmbeddedCluster | None = None
    if stack.embedded:
        own = EmbeddedCluster(stack)
        own.start(verb)
    else:
        _get_pulumi()
    return Command(stack, policies.startable(prepare(stack)), extra, own, confirm)


def _check(stack: Stack) -> None:
    check.require(stack.file)


def _get_pulumi() -> None:
    if not shutil.which("pulumi", path=tools_first()["PATH"]):
        install([tool for tool in TOOLS if tool.name in ("pulumi", "kubernetes-provider")])


def prepare(stack: Stack) -> dict[str, str]:
    """Write the file that Pulumi is given, make the stack if it is new; return the environment."""
    content = stack.content
    env = environment(stack, content, os.environ)
    if stack.embedded:
        # All that it needs is in .tools: a plugin that only its list of packages names would be looked for in vain.
        env.setdefault("PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION", "true")
    private.folder(ROOT / "state")
    write_used_file(stack, content)
    if not state.made(stack, env):
        state.make(stack, env)
    return env
