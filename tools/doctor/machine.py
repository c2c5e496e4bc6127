"""What of this machine keeps containers, a kind cluster or the tools from working."""

import os
import re
import shutil
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tools.doctor.result import Result, fault, note, ok

GIB = 1 << 30
# The dev stack in one kind node: what its pods ask for, and what they take while they start.
MEMORY_LEAST, MEMORY_COMFORT = 5 * GIB, 8 * GIB
CPUS_LEAST, CPUS_COMFORT = 2, 4
# Images of the whole platform are in the engine and once more in the node.
DISK_LEAST, DISK_COMFORT = 15 * GIB, 25 * GIB
TOOLS_DISK = 2 * GIB
# https://kind.sigs.k8s.io/docs/user/known-issues/#pod-errors-due-to-too-many-open-files
INOTIFY = {"max_user_watches": 524288, "max_user_instances": 512}
# From this one on the kubelet refuses to start on cgroup v1.
NEEDS_CGROUP_V2 = (1, 35)


@dataclass(frozen=True, kw_only=True)
class Machine:
    """Where the kernel says things; a test has folders of its own."""

    proc: Path = Path("/proc")
    cgroup: Path = Path("/sys/fs/cgroup")
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)


def cpus_and_memory(engine: Mapping[str, Any]) -> Iterator[Result]:
    """What the engine has, which is less than the machine where it runs in a virtual one."""
    memory, cpus = int(engine.get("MemTotal") or 0), int(engine.get("NCPU") or 0)
    yield _amount(
        "memory of the container engine",
        memory,
        (MEMORY_LEAST, MEMORY_COMFORT),
        "give the engine more (Docker Desktop: Settings, Resources), or take parts off: slipway:platform",
    )
    if cpus < CPUS_LEAST:
        yield fault("cpus of the container engine", f"{cpus}, and {CPUS_LEAST} are needed", "give the engine more")
    elif cpus < CPUS_COMFORT:
        yield note("cpus of the container engine", f"{cpus}: an `up` takes long", f"{CPUS_COMFORT} are comfortable")
    else:
        yield ok("cpus of the container engine", str(cpus))


def disk_of_engine(engine: Mapping[str, Any], machine: Machine) -> Result:
    """Images and volumes; the engine of Docker Desktop has a disk of its own that is not seen from here."""
    about = "disk of the container engine"
    root = Path(str(engine.get("DockerRootDir") or "/var/lib/docker"))
    there = next((each for each in (root, *root.parents) if each.exists()), Path("/"))
    if not root.exists() and machine.proc.exists() and engine.get("OperatingSystem") == "Docker Desktop":
        return note(about, "is not seen from here", "Docker Desktop: Settings, Resources, Disk usage limit")
    return _amount(
        about, shutil.disk_usage(there).free, (DISK_LEAST, DISK_COMFORT), f"make room at {root}: `docker system prune`"
    )


def disk_of_tools(folder: Path) -> Result:
    free = shutil.disk_usage(next(each for each in (folder, *folder.parents) if each.exists())).free
    return _amount("disk of the tools", free, (TOOLS_DISK, TOOLS_DISK), f"make room at {folder}")


def _amount(about: str, have: int, wanted: tuple[int, int], remedy: str) -> Result:
    least, comfort = wanted
    said = f"{have / GIB:.1f} GiB"
    if have < least:
        return fault(about, f"{said}, and {least / GIB:.0f} GiB are needed", remedy)
    if have < comfort:
        return note(about, f"{said}: tight", f"{comfort / GIB:.0f} GiB are comfortable; {remedy}")
    return ok(about, said)


def inotify(machine: Machine) -> Iterator[Result]:
    """A limit of the whole machine, which a kind node shares: above it, pods say `too many open files`."""
    for name, wanted in INOTIFY.items():
        about = f"fs.inotify.{name}"
        try:
            have = int((machine.proc / "sys" / "fs" / "inotify" / name).read_text())
        except (OSError, ValueError):
            # Not Linux: the engine's virtual machine has limits of its own.
            continue
        if have < wanted:
            yield note(about, f"{have}, and kind wants {wanted}", f"sudo sysctl {about}={wanted}")
        else:
            yield ok(about, str(have))


def cgroup(machine: Machine, engine: Mapping[str, Any], kubernetes: tuple[int, int]) -> Result:
    """The engine's own word, where it gives one: it may be in a virtual machine."""
    about = "cgroup version"
    version = str(engine.get("CgroupVersion") or ("2" if (machine.cgroup / "cgroup.controllers").exists() else "1"))
    if version == "2":
        return ok(about, "2")
    if kubernetes >= NEEDS_CGROUP_V2:
        return fault(
            about,
            f"1, and the kubelet of Kubernetes {kubernetes[0]}.{kubernetes[1]} does not start on it",
            "boot with systemd.unified_cgroup_hierarchy=1 (WSL: kernelCommandLine=cgroup_no_v1=all in .wslconfig), or "
            "name a node of 1.34: slipway:images.kind-node",
        )
    return note(about, "1: no Kubernetes from 1.35 on runs here", "cgroup v2 is wanted soon")


def rootless(engine: Mapping[str, Any]) -> Iterator[Result]:
    """https://kind.sigs.k8s.io/docs/user/rootless/"""
    if not any("rootless" in str(each) for each in engine.get("SecurityOptions") or ()):
        return
    about = "rootless container engine"
    if str(engine.get("CgroupVersion")) != "2" or str(engine.get("CgroupDriver")) == "none":
        yield fault(about, "without cgroup v2 it limits nothing, and kind refuses it", "boot with cgroup v2")
    else:
        yield note(
            about, "kind needs its cgroups delegated", "https://kind.sigs.k8s.io/docs/user/rootless/#host-requirements"
        )


def image_store(engine: Mapping[str, Any]) -> Result:
    """kubernetes-sigs/kind#3795: `kind load docker-image` fails on images that are for several platforms."""
    about = "image store of the container engine"
    drivers = " ".join(" ".join(map(str, pair)) for pair in engine.get("DriverStatus") or () if isinstance(pair, list))
    if "io.containerd.snapshotter" in drivers:
        return note(
            about,
            "containerd's: `kind load docker-image` fails with `content digest … not found`",
            "push to the stack's registry, or `docker save --platform … | kind load image-archive`; Slipway pushes",
        )
    return ok(about, str(engine.get("Driver") or "the engine's own"))


def remote(engine_host: str, machine: Machine) -> Iterator[Result]:
    """An engine elsewhere: the ports that it maps are not this machine's."""
    host = machine.environment.get("DOCKER_HOST") or engine_host
    if host and not host.startswith(("unix://", "npipe://")) and not re.match(r"tcp://(127\.|localhost|\[::1\])", host):
        yield fault(
            "place of the container engine",
            f"{host} is another machine: the cluster's ports would be there, and the model is asked here",
            "unset DOCKER_HOST, or `docker context use default`",
        )


def port(number: int, key: str, ours: bool) -> Result:
    """`ours` is whether the stack's own cluster is what listens there."""
    about = f"port {number}"
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", number))
        except PermissionError:
            return fault(about, "needs rights that this user has not", f"write one above 1023: {key}")
        except OSError:
            if ours:
                return ok(about, "the stack's own")
            return fault(about, "is in use by another program", f"stop that, or write another: {key}")
    return ok(about, "free")


def resolves(host: str, addresses: frozenset[str] | None, remedy: str) -> Result:
    """Whether a name leads where it should; without `addresses`, anywhere."""
    about = f"name {host}"
    try:
        found = {str(each[4][0]) for each in socket.getaddrinfo(host, None)}
    except OSError as error:
        return note(about, f"is not known here ({error.strerror or error})", remedy)
    if addresses and not found & addresses:
        return note(about, f"leads to {', '.join(sorted(found))}", remedy)
    return ok(about, ", ".join(sorted(found)))


def proxy(machine: Machine) -> Iterator[Result]:
    """A proxy that is asked for this machine's own addresses answers for the cluster."""
    given = {key.lower(): value for key, value in machine.environment.items() if value}
    proxies = [key for key in ("http_proxy", "https_proxy", "all_proxy") if key in given]
    if not proxies:
        return
    about, exempt = "proxy", given.get("no_proxy", "")
    named = {each.strip() for each in exempt.split(",")}
    missing = [each for each in ("127.0.0.1", "localhost") if not named & {each, "*"}]
    if missing:
        yield fault(
            about,
            f"{', '.join(proxies)} is set, and no_proxy is without {' and '.join(missing)}",
            f"export NO_PROXY={','.join(filter(None, [exempt, *missing]))}",
        )
    else:
        yield ok(about, given[proxies[0]])
