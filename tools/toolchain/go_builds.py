"""Tools built from Go modules, whose content the committed go.sum fixes."""

import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from components.clients.process import CommandFailed, run
from components.errors import SlipwayError
from tools.toolchain.pins import Build

MODULES = Path(__file__).parent / "modules"
# From this one on, Go fetches the version that a go.mod asks for.
OLDEST = (1, 21)
_PROVIDER = "github.com/pulumi/pulumi-kubernetes/provider/v4"


def usable_go() -> str | None:
    """Why Go cannot be used; None when it can."""
    if not shutil.which("go"):
        return "there is no `go` on PATH"
    try:
        said = run(["go", "env", "GOVERSION"])
    except CommandFailed as error:
        return str(error)
    found = re.match(r"go(\d+)\.(\d+)", said)
    if not found:
        return f"`go env GOVERSION` says {said.strip()}"
    version = (int(found[1]), int(found[2]))
    return None if version >= OLDEST else f"Go {version[0]}.{version[1]} is too old: 1.21 or later is needed"


def build(step: Build, version: str, folder: Path, progress: Callable[[str], None]) -> None:
    """Build in a copy of the module's folder; the programs are in `folder` then. Raises SlipwayError."""
    source = folder / "source"
    shutil.rmtree(source, ignore_errors=True)
    shutil.copytree(MODULES / step.folder, source)
    if step.folder == "kubernetes-provider":
        _write_schema(source, version)
    out = folder / "out"
    out.mkdir(exist_ok=True)
    command = ["go", "build", "-trimpath", "-ldflags", f"-s -w {step.ldflags}".strip(), "-o", f"{out}/", *step.packages]
    started = time.monotonic()
    with (folder / "build.log").open("w+") as log:
        process = subprocess.Popen(command, cwd=source, env=_env(), stdout=log, stderr=log)
        try:
            while process.poll() is None:
                time.sleep(0.2)
                progress(
                    f"building from Go modules, {time.monotonic() - started:.0f} s "
                    f"(about {step.minutes} min from nothing on two cores)"
                )
        except BaseException:
            # What is compiled stays in Go's cache, so the next run goes on from there.
            process.terminate()
            process.wait()
            raise
        log.seek(0)
        said = log.read()
    if process.returncode:
        raise SlipwayError(_explained(said))
    for each in step.copied:
        shutil.copy(_module(source, each.module) / each.path, out)


def _env() -> dict[str, str]:
    return {**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "-buildvcs=false -mod=readonly", "GOWORK": "off"}


def _explained(said: str) -> str:
    remedy = "see the lines above; then run the same command again: what is built so far is kept"
    if "no space left" in said:
        remedy = "the disk is full: a build from nothing takes about 20 GB below `go env GOMODCACHE GOCACHE`"
    elif "dial tcp" in said or "proxyconnect" in said or "i/o timeout" in said:
        remedy = "the Go module proxy does not answer: see `go env GOPROXY`"
    elif "toolchain" in said and "not available" in said:
        remedy = "install the Go version that the line above names (https://go.dev/doc/install)"
    elif "signal: killed" in said:
        remedy = "the compiler was killed, probably for want of memory: 8 GB are enough"
    return f"{said.strip()[-2000:]}\n{remedy}"


def _module(folder: Path, module: str) -> Path:
    """The folder of a downloaded module. Raises SlipwayError."""
    try:
        said = run(["go", "mod", "download", "-json", module], cwd=folder, env=_env(), timeout=None)
    except CommandFailed as error:
        raise SlipwayError(_explained(error.output)) from None
    return Path(json.loads(said)["Dir"])


def _write_schema(source: Path, version: str) -> None:
    """What the provider's own main embeds; the published module has it without the version."""
    module = _module(source, _PROVIDER) / "cmd" / "pulumi-resource-kubernetes"
    schema = json.loads((module / "schema.json").read_text())
    (source / "schema.json").write_text(json.dumps({**schema, "version": version}))
    (source / "terraform-mapping.json").write_bytes((module / "terraform-mapping.json").read_bytes())
