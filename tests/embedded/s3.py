"""A bucket of a real S3 server."""

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

from tools.embedded import ports, waiting
from tools.embedded.processes import Background
from tools.environment import tools_first

_LOGIN = ("team", "a password")


def is_here() -> bool:
    return bool(shutil.which("minio"))


@contextlib.contextmanager
def bucket(folder: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """A state's URL, and the variables that open it."""
    (folder / "s3" / "state").mkdir(parents=True)
    [port] = ports.free(1)
    server, (user, password) = Background(folder, "minio"), _LOGIN
    env = {**tools_first(), "MINIO_ROOT_USER": user, "MINIO_ROOT_PASSWORD": password}
    try:
        server.start(["minio", "server", "--address", f"127.0.0.1:{port}", str(folder / "s3")], env)
        waiting.until(server, f"http://127.0.0.1:{port}/minio/health/live", 120)
        url = f"s3://state?endpoint=127.0.0.1:{port}&disableSSL=true&s3ForcePathStyle=true&region=us-east-1"
        yield url, {"AWS_ACCESS_KEY_ID": user, "AWS_SECRET_ACCESS_KEY": password}
    finally:
        server.stop()
