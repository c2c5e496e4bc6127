"""What each verb does around Pulumi."""

import os
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from components.clients import private
from components.clients.process import INTERRUPTED
from components.errors import SlipwayError
from components.settings import parse_settings
from tools import check, report
from tools.engine import from_nothing, plan, policies, process, protection, settled, state, stuck_watch
from tools.engine.backend import environment, own_backend
from tools.engine.cluster import reachable
from tools.engine.display import interactive, watched
from tools.engine.portable import portable
from tools.engine.stack import ROOT, Stack, write_used_file
from tools.environment import tools_first
from tools.lifecycle import continuity, interrupted, refusals, vanished
from tools.lifecycle.embedded import EmbeddedCluster
from tools.parts import preflight
from tools.teardown import guarded
from tools.toolchain.install import install
from tools.toolchain.pins import TOOLS


@dataclass(frozen=True)
class Session:
    """A verb's run: its stack, Pulumi's environment, the user's arguments for Pulumi, the cluster that comes along.

    `confirm` is the word without which kept data is not let go.
    """

    stack: Stack
    env: dict[str, str]
    extra: Sequence[str]
    own: EmbeddedCluster | None = None
    confirm: str | None = None
    # What the state held when the verb began.
    known: state.Known = field(default_factory=state.Known)

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


def say(line: str) -> None:
    print(line, flush=True)


def output(session: Session) -> int:
    return process.shown(["stack", "output", *session.named, *session.extra], session.env)


def cancel(session: Session) -> int:
    return process.pulumi(["cancel", *session.named, "--yes", *session.extra], session.env)


def preview(session: Session) -> int:
    """Show Pulumi's plan; fail where `up` would."""
    stack = session.stack
    refused = refusals.before_the_plan(stack, session.known, session.env, session.confirm, say)
    events, logged = refusals.event_log(stack, session.extra)
    # A person sees Pulumi's own tree of what would change.
    checked = [each for each in session.checked if each != "--non-interactive" or not interactive()]
    code = process.shown(["preview", *checked, *logged, *session.extra], session.env)
    refused += refusals.of_the_plan(stack, events, session.confirm)
    for each in refused:
        print(f"`up` would refuse: {each}", file=sys.stderr)
    return code or int(bool(refused))


def refresh(session: Session) -> int:
    known = session.known
    code = process.pulumi(["refresh", *session.confirmed, *session.extra], session.env)
    if code == 0:
        interrupted.forget(session.stack, known, session.env)
    return code


def up(session: Session) -> int:
    known = session.known
    if code := let_go(session, "up"):
        return code
    interrupted.remove_half_made_cluster(session.stack, known.resources, say)
    if not session.own:
        preflight.up(session.stack, known.resources, say)
        session = with_its_versions(session)
    if _needs_plan(session):
        plan.require_word(session.stack, plan.read([*session.checked, *session.extra], session.env), session.confirm)
    settled.forget(session.stack)
    # The report below says what the outputs would.
    options = [*session.checked, "--yes", "--skip-preview", "--suppress-outputs", *session.extra]
    code = _up(session, ["up", *options])
    if code not in (0, INTERRUPTED) and interrupted.mend_releases(session.stack, known, say):
        code = _up(session, ["up", *options])
    if code:
        print(next_step(session.stack.name), file=sys.stderr)
    else:
        interrupted.forget(session.stack, known, session.env)
        now = state.read(session.stack, session.env)
        if not session.extra:
            settled.keep(session.stack, now.resources)
        print(report.text(now.outputs, session.stack.name))
        if session.own:
            print(session.own.summary(now.outputs))
    return code


def with_its_versions(session: Session) -> Session:
    """As it was, or on its way to train again. Raises SlipwayError where MLflow lost what the stack serves."""
    gone = vanished.of(session.stack, session.known, session.env)
    if gone and vanished.OPTION not in session.extra:
        raise vanished.refusal(session.stack.name, gone)
    extra = [each for each in session.extra if each != vanished.OPTION]
    if gone and (cluster := reachable(session.stack)):
        say(f"training again: {', '.join(gone)}")
        vanished.forget_trainings(cluster, session.known.resources)
        extra.append("--refresh")
    return replace(session, extra=extra)


def _needs_plan(session: Session) -> bool:
    """Whether the `up` may delete what holds data, or the policies are to speak before anything is made.

    What a new stack makes is nobody's data. The policies that need to see all resources speak last: in production a
    plan has them speak first.
    """
    if not session.known.resources:
        return policies.of(session.stack).production
    unchanged = not session.extra and not session.known.pending and settled.same(session.stack, session.known.resources)
    return not unchanged


def _up(session: Session, arguments: Sequence[str]) -> int:
    """Run Pulumi until it is done, or until pods of the stack are stuck; those of an embedded cluster are simulated."""
    if session.own:
        return watched(arguments, session.env, session.stack.events)
    namespaces = stuck_watch.places(parse_settings(session.stack.values))
    with stuck_watch.watched(lambda: reachable(session.stack), namespaces, say) as stop:
        return watched(arguments, session.env, session.stack.events, stop)


def next_step(stack: str) -> str:
    """What a failed `up` ends with."""
    return f"`up` did not end. Next: make doctor STACK={stack}, which says why and what to do; the same command goes on"


def let_go(session: Session, verb: str) -> int:
    """Take the protection off data that the stack file no longer keeps. Raises SlipwayError without confirmation."""
    return protection.release(session.stack, session.known.resources, session.confirm, session.env, verb)


def destroy(session: Session) -> int:
    known = session.known
    if code := let_go(session, "destroy"):
        return code
    interrupted.remove_half_made_cluster(session.stack, known.resources, say)
    # What may have been made, and the state does not know, is looked for with the rest.
    half_made = interrupted.begun(known.pending)
    keep = protection.protected(state.resources(session.stack, session.env))
    options = ["--exclude-protected"] if keep else []
    code = guarded.destroy(
        session.stack,
        lambda: watched(
            ["destroy", *session.confirmed, *options, *session.extra],
            session.env,
            session.stack.events.with_name("destroy-events.json"),
        ),
        lambda: state.resources(session.stack, session.env),
        say,
        half_made,
    )
    if code == 0:
        interrupted.forget(session.stack, known, session.env)
    if code == 0 and keep:
        print(protection.report(session.stack, keep))
    elif code == 0:
        if session.own:
            session.own.remove()
        forget(session)
    return code


def forget(session: Session) -> None:
    """Remove a destroyed stack from the backend, unless something of it was kept."""
    # What others share is not ours to forget.
    if session.env["PULUMI_BACKEND_URL"] == own_backend() and not state.resources(session.stack, session.env):
        state.forget(session.stack, session.env)


VERBS: dict[str, Callable[[Session], int]] = {
    "up": up,
    "preview": preview,
    "refresh": refresh,
    "destroy": destroy,
    "output": output,
    "cancel": cancel,
}


# They read the state alone.
OFFLINE = ("output", "cancel")


def run(verb: str, stack: Stack, extra: Sequence[str], confirm: str | None = None) -> int:
    """Check the settings, get the tools, make the stack if it is new, do the verb; return Pulumi's exit code."""
    if from_nothing.OPTION in extra:
        _check(stack)
        if verb != "preview":
            raise SlipwayError(f"{from_nothing.OPTION} is for preview; {verb} needs the stack's own state")
        _get_pulumi()
        return from_nothing.preview(stack, [each for each in extra if each != from_nothing.OPTION])
    _check(stack)
    if verb in ("up", "preview"):
        for note in check.notes(stack.file):
            say(f"note: {note}")
    return VERBS[verb](begin(stack, extra, verb, confirm))


def begin(stack: Stack, extra: Sequence[str], verb: str, confirm: str | None = None) -> Session:
    """Check the settings, bring the tools, start the cluster that comes along, make the stack in its backend.

    Raises SlipwayError for faulty settings, before anything is made.
    """
    _check(stack)
    own: EmbeddedCluster | None = None
    if stack.embedded:
        own = EmbeddedCluster(stack)
        own.start(verb)
    else:
        _get_pulumi()
    env = policies.startable(prepare(stack, dead=verb == "cancel"))
    known = state.Known() if verb in OFFLINE else continuity.settle(stack, verb, env, confirm, say)
    return Session(stack, env, extra, own, confirm, known)


def _check(stack: Stack) -> None:
    check.require(stack.file)


def _get_pulumi() -> None:
    if not shutil.which("pulumi", path=tools_first()["PATH"]):
        install([tool for tool in TOOLS if tool.name in ("pulumi", "kubernetes-provider")])


def prepare(stack: Stack, *, dead: bool = False) -> dict[str, str]:
    """Write the file that Pulumi is given, make the stack if it is new; return the environment.

    `dead`: whoever began to make it is.
    """
    content = stack.content
    env = environment(stack, content, os.environ)
    if stack.embedded:
        # All that it needs is in .tools: a plugin that only its list of packages names would be looked for in vain.
        env.setdefault("PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION", "true")
    private.folder(ROOT / "state")
    write_used_file(stack, portable(stack, content))
    if not state.made(stack, env):
        state.make(stack, env, dead=dead)
    return env
