"""The programs that a stack needs beside its own tools, and the container engine's word on itself."""

import json
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from components.clients.process import CommandFailed, run
from tools.doctor.result import Result, fault, note, ok
from tools.environment import tools_first
from tools.toolchain.install import is_there as is_installed
from tools.toolchain.pins import TOOLS
from tools.upgrades.versions import Version

# The first that is known to work, and the one that published the pinned node.
KIND_LEAST, KIND_OF_NODE = Version(0, 30), Version(0, 33)
ENGINE_LEAST = Version(20, 10)
PYTHON_FIRST, PYTHON_END = (3, 11), (3, 13)

# What a command says; raises CommandFailed.
Ask = Callable[[Sequence[str]], str]


def ask(command: Sequence[str]) -> str:
    return run(command, env=tools_first(), timeout=20)


def python(version: tuple[int, int] = sys.version_info[:2]) -> Result:
    said = ".".join(map(str, version))
    if PYTHON_FIRST <= version < PYTHON_END:
        return ok("Python", said)
    return fault("Python", f"{said}, and MLServer runs on 3.11 and 3.12", "make PYTHON=/path/to/python3.11 …")


def tools() -> Iterator[Result]:
    """Those of `make tools`: each is there whole, or is got by the next `up`."""
    for tool in TOOLS:
        if is_installed(tool):
            yield ok(f"tool {tool.name}", tool.version)
        else:
            yield note(f"tool {tool.name}", f"{tool.version} is not there yet", "make tools")


def kind(ask: Ask = ask) -> Result:
    try:
        said = ask(["kind", "version"])
    except CommandFailed as error:
        return fault("kind", error.message, "install it: https://kind.sigs.k8s.io/docs/user/quick-start/#installation")
    found = re.search(r"v(\d+\.\d+\.\d+)", said)
    if not found:
        return note("kind", f"says {said.strip()[:80]!r}, which is not a version", f"{KIND_OF_NODE} is known to work")
    version = Version.parse(found[1])
    if version < KIND_LEAST:
        return fault("kind", f"{version} is too old for the pinned node", f"{KIND_OF_NODE} or later")
    if version < KIND_OF_NODE:
        return note("kind", f"{version}: the pinned node was published with {KIND_OF_NODE}", f"{KIND_OF_NODE} or later")
    return ok("kind", str(version))


def engine(ask: Ask = ask) -> tuple[dict[str, Any], list[Result]]:
    """What `docker info` says, and what is wrong with it; nothing where it does not run."""
    about = "container engine"
    try:
        info = json.loads(ask(["docker", "info", "--format", "{{json .}}"]))
    except CommandFailed as error:
        missing = "is not on PATH" in error.message
        remedy = "install Docker: https://docs.docker.com/engine/install/" if missing else _engine_remedy(error.output)
        return {}, [fault(about, (error.output or error.message).strip().splitlines()[-1], remedy)]
    except ValueError:
        return {}, [fault(about, "`docker info` does not print JSON", "is `docker` a wrapper of something else?")]
    # Docker says so in place of an error when only the client is there.
    if errors := info.get("ServerErrors"):
        return {}, [fault(about, str(errors[0]).strip(), _engine_remedy(str(errors[0])))]
    said = str(info.get("ServerVersion") or "")
    results = [_engine_version(about, said)]
    results += [
        note(about, f"warns: {each}", "see `docker info`") for each in info.get("Warnings") or () if "bridge-nf" in each
    ]
    return info, results


def has_image(name: str, ask: Ask = ask) -> bool:
    """Whether the engine need not pull it."""
    try:
        ask(["docker", "image", "inspect", "--format", "{{.Id}}", name])
    except CommandFailed:
        return False
    return True


def _engine_version(about: str, said: str) -> Result:
    try:
        version = Version.parse(said)
    except ValueError:
        return note(about, f"says {said!r} of its version", f"{ENGINE_LEAST.line} or later is known to work")
    if version < ENGINE_LEAST:
        return fault(about, f"{version} is too old", f"{ENGINE_LEAST.line} or later")
    return ok(about, str(version))


def _engine_remedy(said: str) -> str:
    if "permission denied" in said.lower():
        return "sudo usermod -aG docker $USER, then log in again"
    return "start it: `sudo systemctl start docker`, or Docker Desktop"
