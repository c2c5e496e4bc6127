"""The digests of images, in a file that is committed: `python -m tools images STACK --lock` writes it."""

from collections.abc import Mapping
from pathlib import Path

import yaml

from components.errors import SlipwayError

DEFAULT = "images.lock.yaml"
_HEADING = "# What each tag stood for. Written by: python -m tools images STACK --lock\n"


class LockError(SlipwayError):
    """The lock file cannot be used; the message says why and what to do."""


def digests(path: str | None) -> dict[str, str]:
    """Full reference (`docker.io/library/postgres:17`) to `sha256:…`; empty without a file.

    Raises LockError when the stack names a file that is not there, or the file has another form.
    """
    file = Path(path or DEFAULT)
    if not path and not file.is_file():
        return {}
    try:
        content = yaml.safe_load(file.read_text()) or {}
    except OSError as error:
        raise LockError(f"{error.strerror}: write it with tools.images --lock") from None
    except yaml.YAMLError:
        content = None
    if not isinstance(content, dict) or not all(str(each).startswith("sha256:") for each in content.values()):
        raise LockError("not a mapping of references to sha256 digests: write it with tools.images --lock")
    return content


def write(path: str | None, found: Mapping[str, str]) -> Path:
    """Write the digests, sorted, and return the file."""
    file = Path(path or DEFAULT)
    beside = file.with_name(f".{file.name}.new")
    beside.write_text(_HEADING + yaml.safe_dump(dict(sorted(found.items())), width=1000))
    beside.replace(file)
    return file
