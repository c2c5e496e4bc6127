"""A stack's old model images, deleted.

Kept: what the stack serves or the cluster runs, and the newest `build.keepImages` others of each model. Deleted: older
ones from the registry, and from this machine's docker engine whatever the registry no longer has. In a registry that
others use too, nothing but what this stack's cluster has pushed.
"""

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from components.dynamic.model_files import ModelFiles
from components.errors import SlipwayError
from components.settings import Settings, parse_settings
from tools import check, stack_file
from tools.engine import process, state
from tools.engine.backend import environment
from tools.engine.stack import Stack
from tools.environment import tools_first
from tools.prune import local, use
from tools.prune.registry import Registry, logged_in
from tools.prune.rule import Image, removable
from tools.toolchain.install import install
from tools.toolchain.pins import TOOLS


@dataclass(frozen=True)
class Pruning:
    """One run: the stack's settings, what it built (names with tags), and the digests that are in use."""

    settings: Settings
    built: Sequence[str]
    used: frozenset[str]
    dry: bool

    @property
    def address(self) -> str:
        kind, registry = self.settings.cluster.kind, self.settings.registry
        if kind:
            return f"localhost:{kind.registry_port}"
        if not registry:
            raise SlipwayError("the stack pushes no image: there is nothing to prune")
        return str(registry.address)

    def run(self, registry: Registry) -> None:
        """Say what goes, and delete it. Raises SlipwayError and CommandFailed."""
        own, keep = self.settings.cluster.kind, self.settings.build.keep_images
        mark = use.mark_of(self.built)
        repositories = registry.repositories() if own else sorted({each.rpartition(":")[0] for each in self.built})
        images = [image for repository in repositories for image in registry.images(repository)]
        gone = removable(images, self.used, keep, mark)
        for image in gone:
            self._say(f"{image.repository}@{image.digest[:19]} of {image.created[:16]}")
            if not self.dry:
                registry.delete(image)
        if own and not self.dry:
            local.free_disk(own.name)
        self._locally(registry, images, gone, mark)
        print(f"kept: {len(images) - len(gone)} of {len(images)} images in {registry.address}")

    def _locally(self, registry: Registry, images: Sequence[Image], gone: Sequence[Image], mark: str) -> None:
        own = bool(self.settings.cluster.kind)
        kept = {f"{image.repository}:{tag}" for image in images if image not in gone for tag in image.tags}
        repositories = {image.repository for image in images}
        for name, size in local.images(repositories, registry.address, own).items():
            # Beside a kind cluster's registry the tags of other clusters are of those that are gone.
            if name in kept or not (own or name.endswith(f"-{mark}")):
                continue
            self._say(f"{name} ({size}) of this machine")
            if not self.dry and (reason := local.forget_locally(name)):
                print(f"  stays: {reason}")

    def _say(self, text: str) -> None:
        print(f"{'would delete' if self.dry else 'deleting'} {text}")


def prune(stack: Stack, dry: bool) -> None:
    """Prune the images of a stack. Raises SlipwayError, SlipwayError and CommandFailed."""
    check.require(stack.file)
    settings = parse_settings(stack.values)
    missing = [name for name in ("crane", "kubectl") if not shutil.which(name, path=tools_first()["PATH"])]
    install([tool for tool in TOOLS if tool.name in missing])
    env = environment(stack, stack.content, os.environ)
    resources = state.resources(stack, env)
    kubeconfig = state.outputs(stack, env).get("kubeconfig")
    if not kubeconfig:
        raise SlipwayError(
            f"{stack.name} is not up, and what its cluster runs cannot be asked: make up STACK={stack.name}"
        )
    used = use.in_cluster(kubeconfig) | use.digests(_images(resources))
    pruning = Pruning(settings, use.pushed(resources), frozenset(used), dry)
    with logged_in(pruning.address, _login(settings, stack, env)) as registry:
        pruning.run(registry)


def _images(resources: Sequence[dict[str, Any]]) -> list[Any]:
    return [each.get("outputs") for each in resources if each["type"] == ModelFiles.token]


def _login(settings: Settings, stack: Stack, env: dict[str, str]) -> tuple[str, str] | None:
    registry = settings.registry
    if not registry or not registry.username:
        return None
    name = f"{stack_file.PREFIX}registry.password"
    where = ["--stack", stack.name, "--config-file", str(stack.used_file)]
    password = process.ask(["config", "get", "--path", name, *where], env)
    if password is None:
        raise SlipwayError(f"{name} cannot be read: `pulumi config get --path {name}` says why")
    return str(registry.username), password.rstrip("\n")
