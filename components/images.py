"""Image references: the pin, or the stack's own, each pulled through the mirror when the stack names one."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from components.versions import IMAGES


def qualified(reference: str) -> str:
    """The reference with its registry spelled out, as `docker pull` would read it.

    `postgres:17` is `docker.io/library/postgres:17`
    (https://pkg.go.dev/github.com/distribution/reference#ParseNormalizedNamed).
    """
    first, slash, _ = reference.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        return reference
    return f"docker.io/{reference}" if slash else f"docker.io/library/{reference}"


@dataclass(frozen=True, kw_only=True)
class Images:
    """Resolves the images that Slipway names itself and those that it hands to charts.

    `overrides` replaces single pins by key. `mirror` is put before every registry host: with `mirror.example/all`,
    `quay.io/minio/minio:1` is pulled as `mirror.example/all/quay.io/minio/minio:1`.
    """

    overrides: Mapping[str, str] = field(default_factory=dict)
    mirror: str | None = None

    def __getitem__(self, key: str) -> str:
        return self.rewrite(self.overrides.get(key, IMAGES[key]))

    def rewrite(self, reference: str) -> str:
        full = qualified(reference)
        return f"{self.mirror}/{full}" if self.mirror else full
