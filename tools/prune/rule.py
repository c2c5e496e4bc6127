"""Which images may go.

Kept are those that are in use, and of each model the newest others. An image that a stack on another cluster pushed is
that stack's: the end of a tag tells the cluster (`components.models.model_image.tag`).
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass


@dataclass(frozen=True)
class Image:
    """One manifest of a registry's repository (`host/name`); `created` is RFC 3339, so that text sorts by time."""

    repository: str
    digest: str
    tags: frozenset[str]
    created: str
    # Manifests of an index, one for a platform each.
    parts: tuple[str, ...] = ()

    def of_cluster(self, mark: str) -> bool:
        """Whether only the cluster with this mark has pushed it."""
        return bool(self.tags) and all(tag.endswith(f"-{mark}") for tag in self.tags)


def removable(images: Sequence[Image], used: AbstractSet[str], keep: int, mark: str) -> list[Image]:
    """The images that may go, oldest last; `used` holds digests, `keep` is the count for each repository."""
    others = [each for each in images if each.of_cluster(mark) and each.digest not in used]
    result = []
    for repository in sorted({each.repository for each in others}):
        mine = sorted((each for each in others if each.repository == repository), key=_age, reverse=True)
        result += mine[keep:]
    return result


def _age(image: Image) -> tuple[str, str]:
    return image.created, image.digest
