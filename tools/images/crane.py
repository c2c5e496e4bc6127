"""crane (https://github.com/google/go-containerregistry), by which registries are read and changed."""

from collections.abc import Mapping, Sequence

from components.clients.process import run
from tools.environment import tools_first
from tools.images import oci


def crane(
    arguments: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    stdin: str | None = None,
    timeout: float = 120,
) -> str:
    """crane's output; a registry of this machine or network may be without TLS. Raises CommandFailed."""
    insecure = ["--insecure"] if any(map(oci.near, arguments)) else []
    return run(["crane", *arguments, *insecure], env=env or tools_first(), stdin=stdin, timeout=timeout)
