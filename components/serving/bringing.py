"""A model version's files, brought from MLflow or from a folder, with what its image is built of."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from components.clients.tracking_server import TrackingServer
from components.errors import SlipwayError
from components.serving import context
from components.serving.plan import Plan, Wishes
from components.settings.model_source import ModelFolder, parse_source

# Certificate authorities to trust in the build: of the machine, not of the image.
_OF_THE_MACHINE = (Path("ca-bundle.crt"),)


def digest(folder: Path) -> str:
    """A hash of the path and content of every file that is the same on every machine."""
    files = [path.relative_to(folder) for path in folder.rglob("*") if path.is_file()]
    return _hashed(folder, [path for path in files if path not in _OF_THE_MACHINE])


def server_digest(server: Path) -> str:
    """A hash of what every image is made of, in the folder with the Dockerfile."""
    locked = [path.relative_to(server) for path in (server / "servers").glob("*.txt")]
    return _hashed(server, [*context.server_files(server), *locked])


def _hashed(folder: Path, files: list[Path]) -> str:
    total = hashlib.sha256()
    for path in sorted(files):
        content = (folder / path).read_bytes()
        total.update(f"{path.as_posix()}\0{len(content)}\0".encode())
        total.update(content)
    return total.hexdigest()


def bring(props: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Write the context of the model that the inputs of its ModelFiles ask for into the new `folder`.

    Returns its version, example, plan and digests. Raises SlipwayError, ServingError, LookupError or OSError.
    """
    folder.mkdir()
    source = parse_source(props["source"])
    if isinstance(source, ModelFolder):
        model, version = source.path, "local"
    else:
        server = TrackingServer.of(props)
        server.wait_until_reachable()
        version = server.version_of(source)
        # Beside the context: what is in it goes into the image.
        authority = folder.with_name(f"{folder.name}.ca.crt")
        model = server.download(source.name, version, folder / "model", authority)
    content = f"sha256:{digest(model)}"
    if props.get("pinned") not in (None, content):
        raise SlipwayError(
            f"{props['source']} is another model than the stack's `digest` says: {props['pinned']} is wanted, version "
            f"{version} is {content}",
            remedy="find out who registered it; if it is what shall be served, write that digest",
        )
    described = _context(props, model, folder)
    return {"version": version, **described, "digest": digest(folder), "content": content}


def _context(props: Mapping[str, Any], model: Path, folder: Path) -> dict[str, Any]:
    """Write what the image is built from; without wishes there is none to build."""
    server = Path(props["server"])
    if props.get("wishes") is None:
        return context.unbuilt(model, folder, server)
    bundle = Path(props["ca_bundle"]) if props.get("ca_bundle") else None
    before = Plan.parse(props["plan"]) if props.get("plan") else None
    return context.write(model, folder, server, bundle, Wishes(**props["wishes"]), before)
