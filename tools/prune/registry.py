"""A registry, asked and changed by crane."""

import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from components.clients.process import CommandFailed
from components.errors import SlipwayError
from tools.environment import tools_first
from tools.images.crane import crane
from tools.prune.rule import Image


@dataclass(frozen=True)
class Registry:
    """`host[:port][/path]`, and the environment that crane finds its login in."""

    address: str
    env: Mapping[str, str] = field(default_factory=tools_first)

    def repositories(self) -> list[str]:
        """Every repository of a registry that is all ours. Raises CommandFailed."""
        return [f"{self.address}/{name}" for name in self._crane("catalog", self.address).split()]

    def images(self, repository: str) -> list[Image]:
        """What a repository has tags for; empty when it is not there. Raises CommandFailed."""
        try:
            tags = self._crane("ls", repository).split()
        except CommandFailed as error:
            if "NAME_UNKNOWN" in str(error):
                return []
            raise
        by_digest: dict[str, set[str]] = {}
        for tag in tags:
            by_digest.setdefault(self._crane("digest", f"{repository}:{tag}").strip(), set()).add(tag)
        return [self._image(repository, digest, frozenset(found)) for digest, found in by_digest.items()]

    def delete(self, image: Image) -> None:
        """Delete the manifest, and with it every tag. Raises SlipwayError when the registry does not allow it."""
        for digest in (image.digest, *image.parts):
            try:
                self._crane("delete", f"{image.repository}@{digest}")
            except CommandFailed as error:
                if "MANIFEST_UNKNOWN" in str(error):
                    continue
                if "UNSUPPORTED" in str(error) or "405" in str(error):
                    raise SlipwayError(
                        f"{self.address} does not let images be deleted: set REGISTRY_STORAGE_DELETE_ENABLED=true on "
                        "it (a kind registry made from now on has it), or use the registry's own retention rules"
                    ) from None
                raise

    def _image(self, repository: str, digest: str, tags: frozenset[str]) -> Image:
        manifest = json.loads(self._crane("manifest", f"{repository}@{digest}"))
        parts = tuple(each["digest"] for each in manifest.get("manifests", ()))
        config = json.loads(self._crane("config", f"{repository}@{parts[0] if parts else digest}"))
        return Image(repository, digest, tags, config.get("created") or "", parts)

    def _crane(self, *arguments: str) -> str:
        return crane(arguments, env=self.env)


@contextmanager
def logged_in(address: str, login: Sequence[str] | None) -> Iterator[Registry]:
    """The registry with a (user, password), or with the logins that this user's docker has. Raises CommandFailed."""
    if not login:
        yield Registry(address)
        return
    user, password = login
    with tempfile.TemporaryDirectory() as folder:
        env = {**tools_first(), "DOCKER_CONFIG": folder}
        host = address.partition("/")[0]
        crane(["auth", "login", host, "--username", user, "--password-stdin"], stdin=password, env=env)
        yield Registry(address, env)
