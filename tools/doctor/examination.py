"""All checks of one stack."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from components.errors import SlipwayError
from components.settings import Settings, parse_settings
from tools import check
from tools.doctor import cluster, last_up, machine, programs, published
from tools.doctor.result import Result, fault, ok
from tools.doctor.support import support
from tools.engine.stack import Stack
from tools.environment import BIN
from tools.images.inventory import inventory
from tools.render.stack import kubernetes_version, render
from tools.toolchain.pins import ARCH
from tools.upgrades.versions import Version
from tools.upgrades.wanted import wanted

HERE = machine.Machine()


def examined(stack: Stack, today: date, *, only_published: bool = False) -> Iterator[Result]:
    """One result after another, as they come; with `only_published` those that any machine may ask."""
    settings, wrong = _settings(stack)
    yield from wrong
    if not settings:
        return
    if not only_published:
        yield from last_up.reasons(stack.events)
        yield from _here(stack, settings)
    want = wanted(settings)
    found = dict(want)
    if settings.cluster.kind:
        node = Version.parse(kubernetes_version(settings))
        found["kubernetes"] = node
        yield from cluster.matrix(node, want)
    elif not only_published and not stack.embedded:
        have, results = cluster.existing(stack, want)
        found |= have
        yield from results
    yield from support(found, today)
    yield from _published(stack, settings, here=not only_published)


def _settings(stack: Stack) -> tuple[Settings | None, list[Result]]:
    about = f"settings of {stack.name}"
    try:
        if faults := check.faults(stack.file):
            return None, [fault(about, each, "see docs/configuration.md") for each in faults]
        return parse_settings(stack.values), [ok(about, str(stack.file))]
    except SlipwayError as error:
        return None, [fault(about, error.message, error.remedy or "see `make check`")]


def _here(stack: Stack, settings: Settings) -> Iterator[Result]:
    yield programs.python()
    yield from programs.tools()
    yield machine.disk_of_tools(BIN)
    yield cluster.backend(stack)
    yield from machine.proxy(HERE)
    if stack.embedded:
        return
    kind = settings.cluster.kind
    if kind:
        yield programs.kind()
    if not kind and not _builds(settings):
        return
    engine, results = programs.engine()
    yield from results
    if not engine:
        return
    yield machine.image_store(engine)
    yield from machine.remote(_engine_host(), HERE)
    if kind:
        yield from machine.cpus_and_memory(engine)
        yield machine.disk_of_engine(engine, HERE)
        yield from machine.inotify(HERE)
        node = Version.parse(kubernetes_version(settings))
        yield machine.cgroup(HERE, engine, (node.major, node.minor))
        yield from machine.rootless(engine)
        yield from _ports(stack, kind)
    yield from _names(settings)


def _builds(settings: Settings) -> bool:
    """Whether a model's image is made here."""
    return any(not model.image for model in settings.models)


def _engine_host() -> str:
    try:
        return programs.ask(["docker", "context", "inspect", "--format", "{{.Endpoints.docker.Host}}"]).strip()
    except SlipwayError:
        return ""


def _ports(stack: Stack, kind: Any) -> Iterator[Result]:
    ours = (stack.folder / "kubeconfig").is_file()
    for name in ("http_port", "https_port", "registry_port"):
        key = name.split("_")[0] + "Port"
        yield machine.port(getattr(kind, name), f"slipway:cluster.kind.{key}", ours)


def _names(settings: Settings) -> Iterator[Result]:
    """Where the models and MLflow are asked: for kind on this machine, else wherever the names lead."""
    loopback = frozenset({"127.0.0.1", "::1"}) if settings.cluster.kind else None
    remedy = "the curl that `up` prints names the address itself; a browser needs a line in /etc/hosts"
    if not loopback:
        remedy = "let the name lead to the gateway's address, once `up` has said it"
    for host in sorted({f"any.{settings.ingress.domain}", *settings.tracking.hosts}):
        yield machine.resolves(host, loopback, remedy)


def _published(stack: Stack, settings: Settings, *, here: bool) -> Iterator[Result]:
    if stack.embedded:
        yield ok("charts and images", "the embedded cluster pulls none")
        return
    try:
        rendering = render(stack.file)
    except SlipwayError as error:
        yield fault("charts", error.message, error.remedy or "make tools")
        return
    found = inventory(rendering)
    yield from published.charts(found.charts)
    yield from published.unlisted(found.missing.items())
    platform = f"linux/{ARCH}" if settings.cluster.kind else None
    yield from published.images(found.images, platform, programs.has_image if here else lambda _name: False)
