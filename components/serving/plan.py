"""How one model's image is made: its Python, its server, and what is installed for it."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from components.serving import requirements as forms
from components.serving import resolution
from components.serving.logged_model import LoggedModel
from components.serving.requirements import Requirements
from components.serving.servers import choose

_COMPILERS = ("build-essential",)
_SOURCES = ("git", "ca-certificates")


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """What the settings say of a model's image; a None is for Slipway to find out."""

    python: str | None = None
    server: str | None = None
    packages: Sequence[str] = ()
    index: str | None = None


@dataclass(frozen=True, kw_only=True)
class Plan:
    """`reason` is why the server is not the usual one; `lock` is what is installed for the model.

    `key` is of all that the lock was made of: with the same one, the same versions are installed again.
    """

    python: str
    server: str
    reason: str | None
    key: str = ""
    lock: str = ""
    packages: Sequence[str] = ()
    build_packages: Sequence[str] = ()

    @classmethod
    def parse(cls, text: str) -> "Plan":
        return cls(**json.loads(text))

    def dump(self) -> str:
        return json.dumps(asdict(self))


def of(model: LoggedModel, wishes: Wishes) -> Plan:
    """The server and the Python of a model. Raises ServingError where none fits."""
    choice = choose(model.python, wishes.python, wishes.server)
    return Plan(python=choice.python, server=choice.server.name, reason=choice.reason)


def lay_out(model: LoggedModel, folder: Path) -> Requirements:
    """Write the model's requirements into `folder`, with all that they name. Raises ServingError."""
    whole = Requirements.read(model)
    requirements = forms.lean(whole, model)
    folder.mkdir(parents=True)
    forms.copy_files(requirements, model.folder, folder)
    (folder / "requirements.txt").write_text("".join(f"{line}\n" for line in requirements.lines), "utf-8")
    if requirements != whole:
        (folder / resolution.WHOLE).write_text("".join(f"{line}\n" for line in whole.lines), "utf-8")
    (folder / "overrides.txt").write_text("".join(f"{line}\n" for line in forms.spared(requirements)), "utf-8")
    return requirements


def resolved(model: LoggedModel, wishes: Wishes, folder: Path, before: Plan | None = None) -> Plan:
    """The whole plan, with the requirements laid out in `folder` and locked there. Raises ServingError.

    `before` lends its versions where nothing that they were made of has changed.
    """
    plan = of(model, wishes)
    requirements = lay_out(model, folder)
    key = _key(folder, plan.python, wishes)
    if before and before.key == key:
        locked, build = before.lock, before.build_packages
    else:
        locked = resolution.lock(folder, plan.python, index=wishes.index, hashes=requirements.with_hashes)
        compiled = forms.compiled(requirements, folder) or resolution.needs_compiler(
            folder, plan.python, locked, wishes.index
        )
        build = (*_SOURCES, *_COMPILERS) if compiled else ()
    (folder / resolution.BOUNDS).unlink(missing_ok=True)
    (folder / "requirements.lock").write_text(locked, "utf-8")
    return Plan(
        python=plan.python,
        server=plan.server,
        reason=plan.reason,
        key=key,
        lock=locked,
        packages=sorted({*wishes.packages, *forms.libraries(locked)}),
        build_packages=build,
    )


def _key(folder: Path, python: str, wishes: Wishes) -> str:
    total = hashlib.sha256(json.dumps([python, wishes.index, resolution.target()]).encode())
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        total.update(f"{path.relative_to(folder)}\0".encode() + path.read_bytes())
    return total.hexdigest()


def build_args(plan: Plan) -> dict[str, str]:
    """What the Dockerfile is told of the plan, beside the base image."""
    return {
        "SERVER": plan.server,
        "SYSTEM_PACKAGES": " ".join(plan.packages),
        "BUILD_PACKAGES": " ".join(plan.build_packages),
    }
