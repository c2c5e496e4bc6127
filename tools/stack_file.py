"""A stack's configuration file, with what only this machine adds to it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from components.errors import SlipwayError
from components.settings import PROJECT
from components.settings.merge import merged
from components.settings.rules.data import SECRET_PLACEHOLDER

PREFIX = f"{PROJECT}:"


class StackFileError(SlipwayError):
    """A stack file that is not there or is not YAML of the right form."""


def path_of(stack: str) -> Path:
    return Path(f"Pulumi.{stack}.yaml")


def every() -> list[Path]:
    """The stack files of this folder."""
    return sorted(path for path in Path().glob("Pulumi.*.yaml") if not path.stem.endswith(".override"))


def override_path_of(path: Path) -> Path:
    """`Pulumi.dev.yaml`'s own override, which git ignores: a mirror, a CA bundle, other ports."""
    return path.with_name(f"{path.stem}.override.yaml")


def machine_path_of(path: Path) -> Path:
    """What the tools decide on this machine for `Pulumi.local.yaml`, such as free ports; never a committed file."""
    return path.parent / ".slipway" / path.stem.removeprefix("Pulumi.") / "machine.yaml"


def files_of(path: Path) -> list[Path]:
    """The stack file; over it what this machine's tools decided, and over both the override."""
    return [path, *(over for over in (machine_path_of(path), override_path_of(path)) if over.is_file())]


def read(path: Path) -> dict[str, Any]:
    """The file's content. Raises StackFileError."""
    try:
        content = yaml.safe_load(path.read_text())
    except OSError as error:
        raise StackFileError(f"{path}: {error.strerror}") from None
    except yaml.YAMLError as error:
        raise StackFileError(f"{path}: not YAML: {' '.join(str(error).split())}") from None
    content = {} if content is None else content
    if not isinstance(content, dict) or not isinstance(content.get("config", {}), dict):
        raise StackFileError(f"{path}: write a mapping with the key `config`")
    return content


def effective(path: Path) -> dict[str, Any]:
    """The stack file with all that lies over it. Raises StackFileError."""
    content: dict[str, Any] = {}
    for each in files_of(path):
        content = merged(content, read(each))
    return content


def settings_of(content: Mapping[str, Any]) -> dict[str, Any]:
    """The values of the `slipway:` keys, secrets replaced by a placeholder."""
    config = content.get("config", {})
    return {key.removeprefix(PREFIX): _opened(value) for key, value in config.items() if key.startswith(PREFIX)}


def without_secrets(content: Mapping[str, Any]) -> dict[str, Any]:
    """The content with a placeholder for every secret, and without what opens them."""
    return {"config": {key: _opened(value) for key, value in content.get("config", {}).items()}}


def _opened(value: Any) -> Any:
    if isinstance(value, Mapping):
        return SECRET_PLACEHOLDER if set(value) == {"secure"} else {key: _opened(item) for key, item in value.items()}
    return [_opened(item) for item in value] if isinstance(value, list) else value
