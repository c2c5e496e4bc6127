"""Versions as the rules compare them."""

import re
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Version:
    """Major, minor and patch; what follows a patch (`-full`, `.post1`) does not matter to any rule."""

    major: int
    minor: int = 0
    patch: int = 0

    @classmethod
    def parse(cls, text: str) -> "Version":
        """Of `v1.17.4`, `1.28`, `17`, `v3.17.2-full`. Raises ValueError."""
        found = re.match(r"v?(\d+)(?:\.(\d+))?(?:\.(\d+))?", text)
        if not found:
            raise ValueError(f"{text} is no version")
        return cls(*(int(part or 0) for part in found.groups()))

    @property
    def line(self) -> str:
        """The minor version, such as 1.28."""
        return f"{self.major}.{self.minor}"

    def __str__(self) -> str:
        return f"{self.line}.{self.patch}"


def of_image(reference: str) -> Version | None:
    """The version in an image's tag; None for an image by digest alone, or with another kind of tag."""
    name = reference.partition("@")[0].rpartition("/")[2]
    try:
        return Version.parse(name.partition(":")[2])
    except ValueError:
        return None


CLUSTERED = "postgres-cluster"


def clustered(name: str) -> str:
    """The key of a CloudNativePG cluster's PostgreSQL: another name is another cluster, which begins empty."""
    return f"{CLUSTERED} {name}"
