"""Registries: asked by their API, filled by crane (https://github.com/google/go-containerregistry)."""

from collections.abc import Sequence

from components.clients.process import CommandFailed
from components.errors import SlipwayError
from tools.images import oci
from tools.images.crane import crane

COPY_SECONDS = 1800


def digest(reference: str) -> str:
    """What the tag stands for now, `sha256:…`. Raises RegistryFault where it cannot be asked."""
    return oci.digest(reference)


def digest_if_there(reference: str) -> str | None:
    """As `digest`; None where the registry says that there is no such tag. Raises RegistryFault."""
    try:
        return digest(reference)
    except oci.RegistryFault as error:
        # Registries refuse to tell whether a repository is there that nobody has pushed to.
        if error.kind in ("absent", "refused"):
            return None
        raise


def copy(source: str, target: str) -> None:
    """Copy an image of every platform, digests kept; layers that are there are not sent again. Raises SlipwayError."""
    _crane("copy", (source, target))


def tag(reference: str, name: str) -> None:
    """Give what is there another tag. Raises SlipwayError."""
    _crane("tag", (reference,), (name,))


def _crane(verb: str, references: Sequence[str], more: Sequence[str] = ()) -> None:
    try:
        crane([verb, *references, *more], timeout=COPY_SECONDS)
    except CommandFailed as error:
        said = (error.output or str(error)).strip().splitlines()[-1].removeprefix("Error: ")[-400:]
        # The tag is written last, after every layer.
        raise SlipwayError(
            f"{verb} broke off: {said}", remedy="no tag was written; the same command goes on from what arrived"
        ) from None
