"""The digests of images, in a file that is committed: `python -m tools images STACK --lock` writes it."""

import re
from collections.abc import Mapping
from pathlib import Path

import yaml

from components.errors import SlipwayError
from components.settings.document import read

DEFAULT = "images.lock.yaml"
_HEADING = "# What each tag stood for. Written by: python -m tools images STACK --lock\n"
_DIGEST = re.compile("sha256:[0-9a-f]{64}")


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
        document = read(file.read_bytes())
    except (OSError, ValueError) as error:
        said = error.strerror if isinstance(error, OSError) else "no path of a file"
        raise LockError(f"{said}: write it by python -m tools images STACK --lock") from None
    content = {} if document.content is None else document.content
    if document.faults or not isinstance(content, dict) or not all(map(_DIGEST.fullmatch, map(str, content.values()))):
        raise LockError("not a mapping of images to sha256 digests: write it by python -m tools images STACK --lock")
    return content


def text(found: Mapping[str, str]) -> str:
    """The file's content, sorted."""
    return _HEADING + yaml.safe_dump(dict(sorted(found.items())), width=1000)
