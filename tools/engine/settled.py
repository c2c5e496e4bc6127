"""Whether an `up` can plan anything new: the same program on the state that its last `up` left has nothing to say.

A plan is made of the program, its settings and the state. What neither of them tells, such as a script that trains, can
change what serves models, and nothing that holds data.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from tools import stack_file
from tools.engine.stack import Stack
from tools.files import write_whole

_PROJECT = Path(__file__).parents[2]
_PROGRAM = ("__main__.py", "components", "policy", "tools")
_PACKAGES = ("pulumi", "pulumi-kubernetes")


def same(stack: Stack, resources: Sequence[Mapping[str, Any]]) -> bool:
    """Whether nothing changed since the last `up` of this checkout that ended well."""
    file = _file(stack)
    return file.is_file() and file.read_text() == _fingerprint(stack, resources)


def keep(stack: Stack, resources: Sequence[Mapping[str, Any]]) -> None:
    """Remember what an `up` that ended well left."""
    write_whole(_file(stack), _fingerprint(stack, resources))


def forget(stack: Stack) -> None:
    """Before an `up`: how it ends is not known."""
    _file(stack).unlink(missing_ok=True)


def _file(stack: Stack) -> Path:
    return stack.folder / "settled"


def _fingerprint(stack: Stack, resources: Sequence[Mapping[str, Any]]) -> str:
    total = hashlib.sha256(json.dumps(list(resources), sort_keys=True).encode())
    for package in _PACKAGES:
        total.update(metadata.version(package).encode())
    # As it is read: Pulumi writes its salt into it, in a form of its own.
    total.update(json.dumps(stack_file.read(stack.used_file), sort_keys=True, default=str).encode())
    for path in _files():
        total.update(f"{path}\0".encode())
        total.update(path.read_bytes())
    return total.hexdigest()


def _files() -> Iterator[Path]:
    for name in _PROGRAM:
        path = _PROJECT / name
        yield from [path] if path.is_file() else sorted(path.rglob("*.py"))
    # The images' lock too.
    yield from sorted(_PROJECT.glob("*.yaml"))
