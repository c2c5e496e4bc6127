"""What this machine's docker engine has: the images that were built here, and the registry of a kind cluster."""

import json
from collections.abc import Iterable

from components.clients.process import CommandFailed, run
from components.dynamic.kind_cluster import registry_name


def images(repositories: Iterable[str], address: str, all_ours: bool) -> dict[str, str]:
    """The engine's images of these repositories, or of the whole registry: `repository:tag` and size."""
    listing = run(["docker", "images", "--format", "{{.Repository}}:{{.Tag}} {{.Size}}"])
    sizes = dict(line.split(maxsplit=1) for line in listing.splitlines())
    names = set(repositories)

    def ours(name: str) -> bool:
        repository = name.rpartition(":")[0]
        return repository in names or (all_ours and repository.startswith(f"{address}/"))

    return {name: size for name, size in sizes.items() if ours(name) and not name.endswith(":<none>")}


def free_disk(cluster: str) -> None:
    """Let the kind cluster's registry delete what no manifest names any more. Raises CommandFailed."""
    registry = registry_name(cluster)
    # Where the program and its configuration are differs between the registry's images; that it is process 1 does not.
    started_with = json.loads(run(["docker", "inspect", "--format", "{{json .Args}}", registry]))
    run(["docker", "exec", registry, "/proc/1/exe", "garbage-collect", started_with[-1]], timeout=600)
    # It remembers the layers that it had, and would tell the next push that they are there.
    run(["docker", "restart", registry])


def forget_locally(name: str) -> str | None:
    """Remove one image from the docker engine; why not, when it is needed there."""
    try:
        run(["docker", "rmi", name])
    except CommandFailed as error:
        return str(error).splitlines()[-1]
    return None
