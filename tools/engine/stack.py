"""One stack and its files."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from components.clients import private
from components.settings import PROJECT
from tools import stack_file
from tools.files import write_whole

ROOT = Path(".slipway")


@dataclass(frozen=True)
class Stack:
    """One stack and where its files are."""

    name: str

    @property
    def folder(self) -> Path:
        return ROOT / self.name

    @property
    def file(self) -> Path:
        return stack_file.path_of(self.name)

    @property
    def used_file(self) -> Path:
        """The file that Pulumi is given: the committed one, the override, and the salt that belongs to the state."""
        return self.folder / self.file.name

    @property
    def events(self) -> Path:
        """The event log of the last `up`."""
        return self.folder / "events.json"

    @property
    def content(self) -> dict[str, Any]:
        """The stack file with what only this machine adds to it. Raises StackFileError."""
        return stack_file.effective(self.file)

    @property
    def values(self) -> dict[str, Any]:
        """The values of the `slipway:` keys, secrets replaced by a placeholder. Raises StackFileError."""
        return stack_file.settings_of(self.content)

    @property
    def embedded(self) -> bool:
        """Whether the stack brings its own cluster (`slipway:embedded`)."""
        return "embedded" in self.values


def write_used_file(stack: Stack, content: Mapping[str, Any]) -> None:
    """Write the file that Pulumi is given, keeping the salt that an earlier run got."""
    private.folder(stack.folder)
    kept = stack_file.read(stack.used_file) if stack.used_file.is_file() else {}
    salt = {key: kept[key] for key in ("encryptionsalt",) if key in kept}
    write_whole(stack.used_file, yaml.safe_dump({**salt, **content}, sort_keys=False))
    # `pulumi stack init` has no --config-file: it is run in this folder, and finds the file under its usual name.
    write_whole(stack.folder / "Pulumi.yaml", f"name: {PROJECT}\nruntime: python\n")
