"""Image references: the pin, or the stack's own, with its locked digest, through the mirror that the stack names."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from components.settings.versions import IMAGES


def qualified(reference: str) -> str:
    """The reference with its registry spelled out, as `docker pull` would read it.

    `postgres:17` is `docker.io/library/postgres:17`
    (https://pkg.go.dev/github.com/distribution/reference#ParseNormalizedNamed).
    """
    first, slash, _ = reference.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        return reference
    return f"docker.io/{reference}" if slash else f"docker.io/library/{reference}"


def in_mirror(mirror: str, full: str) -> str:
    """A qualified reference as it is named in the mirror; a path has no colon, so that of a port becomes `_`."""
    host, _, path = full.partition("/")
    return f"{mirror}/{host.replace(':', '_')}/{path}"


def upstream(reference: str, mirror: str | None) -> str:
    """The other way round: what a reference is a copy of, or itself where it is not in the mirror."""
    if not mirror or not reference.startswith(f"{mirror}/"):
        return reference
    host, _, path = reference.removeprefix(f"{mirror}/").partition("/")
    return f"{host.replace('_', ':')}/{path}"


def split(reference: str) -> tuple[str, str | None]:
    """`host:5000/name:tag@sha256:…` as `host:5000/name` and `tag@sha256:…`, which is None without a tag."""
    name, at, digest = reference.partition("@")
    folder, slash, last = name.rpartition("/")
    last, colon, tag = last.partition(":")
    return f"{folder}{slash}{last}", f"{tag}{at}{digest}" if colon else None


@dataclass(frozen=True, kw_only=True)
class Images:
    """Resolves the images that Slipway names itself and those that it hands to charts.

    `overrides` replaces single pins by key. `mirror` is put before every registry host: with `mirror.example/all`,
    `quay.io/minio/minio:1` is pulled as `mirror.example/all/quay.io/minio/minio:1`. `digests` by full reference
    (without the mirror, which keeps them) are what the lock file says.
    """

    overrides: Mapping[str, str] = field(default_factory=dict)
    mirror: str | None = None
    digests: Mapping[str, str] = field(default_factory=dict)

    def __getitem__(self, key: str) -> str:
        return self.rewrite(self.overrides.get(key, IMAGES[key]))

    def rewrite(self, reference: str) -> str:
        full = qualified(reference)
        digest = self.digests.get(full)
        pinned = f"{full}@{digest}" if digest else full
        return in_mirror(self.mirror, pinned) if self.mirror else pinned

    def changes(self, reference: str) -> bool:
        """Whether the image comes from a mirror, or by a digest of the stack's own."""
        return self.rewrite(reference) != qualified(reference)

    def in_chart(
        self, repository: str, tag: str | None, keys: tuple[str, str] = ("repository", "tag")
    ) -> dict[str, str]:
        """A chart's values for an image, under its two keys; without a `tag` the chart's own stands.

        A locked digest goes behind the tag, where every chart that writes `repository:tag` takes it.
        """
        name, pinned = split(self.rewrite(f"{repository}:{tag}" if tag else repository))
        return {keys[0]: name, **({keys[1]: pinned} if pinned else {})}
