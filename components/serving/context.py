"""The folder that a model's image is built from."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from components.serving import bill_of_materials, example
from components.serving import plan as plans
from components.serving.logged_model import LoggedModel
from components.serving.plan import Plan, Wishes

_OF_THE_STAGE = (Path("Dockerfile"), Path("install"))


def server_files(server: Path) -> Iterator[Path]:
    """What every image is made of, relative to the folder with the Dockerfile."""
    yield from _OF_THE_STAGE
    yield from (path.relative_to(server) for path in sorted((server / "runtime").glob("*.py")))


def write_stage(folder: Path, server: Path, name: str, ca_bundle: Path | None) -> None:
    """Lay out what the Dockerfile's stage of a server is built from, without a model."""
    for path in _OF_THE_STAGE:
        shutil.copy(server / path, folder / path)
    _of_server(folder, server, name, ca_bundle)


def _of_server(folder: Path, server: Path, name: str, ca_bundle: Path | None) -> None:
    shutil.copy(server / "servers" / f"{name}.txt", folder / "server.txt")
    (folder / "ca-bundle.crt").write_bytes(ca_bundle.read_bytes() if ca_bundle else b"")


def write(
    model: Path, folder: Path, server: Path, ca_bundle: Path | None, wishes: Wishes, before: Plan | None = None
) -> dict[str, Any]:
    """Lay the build context out in `folder`, and return what is known of the model with it. Raises ServingError."""
    logged = LoggedModel(model)
    plan = plans.resolved(logged, wishes, folder / "requirements", before)
    _of_server(folder, server, plan.server, ca_bundle)
    bill = bill_of_materials.cyclonedx(plan.python, server=(folder / "server.txt").read_text("utf-8"), model=plan.lock)
    (folder / bill_of_materials.FILE).write_text(bill, "utf-8")
    return {**unbuilt(model, folder, server), "plan": plan.dump()}


def unbuilt(model: Path, folder: Path, server: Path) -> dict[str, Any]:
    """Only the model and the runtime, for a model that has an image already or that this machine serves itself."""
    for path in server_files(server):
        (folder / path).parent.mkdir(exist_ok=True)
        shutil.copy(server / path, folder / path)
    if model != folder / "model":
        shutil.copytree(model, folder / "model")
    logged = LoggedModel(model)
    return {"example": json.dumps(example.of(logged)), "plan": ""}
