"""A stack's configuration file, with what only this machine adds to it."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from components.errors import SlipwayError
from components.settings import PROJECT, Settings
from components.settings import document as yaml_document
from components.settings.merge import merged
from components.settings.problems import Problem, joined
from components.settings.text import SECRET_PLACEHOLDER
from components.settings.type_faults import nearest, unknown_key
from components.settings.unread import UNREAD

PREFIX = f"{PROJECT}:"
# Beside `config` what Pulumi itself writes there.
_SECTIONS = ("config", "environment", "encryptedkey", "encryptionsalt", "secretsprovider")
# Namespaces whose names may be those of Slipway's keys.
_OTHERS = ("docker", "kubernetes", "pulumi")
_KEY = re.compile(r"[A-Za-z0-9_.-]+:[A-Za-z0-9_.:-]+")


class StackFileError(SlipwayError):
    """A stack file that is not there or is not YAML of the right form."""


def path_of(stack: str) -> Path:
    return Path(f"Pulumi.{stack}.yaml")


def named(target: str) -> Path:
    """The stack file that a person means by a stack's name or by a path."""
    return Path(target) if "/" in target or target.endswith((".yaml", ".yml")) else path_of(target)


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


def examined(path: Path) -> tuple[dict[str, Any], list[Problem]]:
    """The file's content, UNREAD in place of what is wrong, and the faults of its form. Raises StackFileError."""
    try:
        document = yaml_document.read(path.read_bytes())
    except OSError as error:
        raise StackFileError(f"{path}: {error.strerror}") from None
    problems = [Problem(_key(fault.path), "", fault.text) for fault in document.faults]
    content = {} if document.content is None else document.content
    if content is UNREAD:
        return {}, problems
    if not isinstance(content, dict):
        return {}, [*problems, Problem("config", "", "write a mapping with the key `config`")]
    return content, [*problems, *_sections(content), *_config_keys(content)]


def _sections(content: Mapping[str, Any]) -> Iterator[Problem]:
    for key in content:
        if key.startswith(PREFIX) or key.removeprefix(PREFIX) in _known():
            yield Problem(joined([key]), "", "not where Pulumi looks for it; write it below `config`, indented")
        elif key not in _SECTIONS:
            near = nearest(key, _SECTIONS)
            hint = f"did you mean {near}?" if near else f"a stack file has {', '.join(_SECTIONS)}"
            yield Problem(joined([key]), "unknown key", hint)
    config = content.get("config")
    if config is not UNREAD and config is not None and not isinstance(config, dict):
        yield Problem("config", "", "write a mapping: slipway:cluster and the other keys below it")


def _config_keys(content: Mapping[str, Any]) -> Iterator[Problem]:
    known = _known()
    for key in _config(content):
        namespace, colon, name = key.partition(":")
        if namespace == PROJECT and colon:
            if name not in known:
                yield unknown_key(name, known)
        elif not colon and namespace.strip().lower() == PROJECT:
            yield Problem(
                joined([key]), "", f"write each key with its prefix, such as {PREFIX}cluster, not below {PROJECT}:"
            )
        elif not colon:
            meant = nearest(key, known)
            hint = f"write {PREFIX}{meant}" if meant else f"write <namespace>:<name>, such as {PREFIX}cluster"
            yield Problem(joined([key]), "no prefix", hint)
        elif namespace not in _OTHERS and (nearest(namespace, [PROJECT]) or name in known):
            yield Problem(joined([key]), "unknown prefix", f"did you mean {PREFIX}{nearest(name, known) or name}?")
        elif not _KEY.fullmatch(key):
            yield Problem(joined([key]), "no key of Pulumi's", "write <namespace>:<name>")


def _known() -> list[str]:
    return [field.alias or name for name, field in Settings.model_fields.items()]


def _key(path: tuple[str | int, ...]) -> str:
    """A path in the file as a person knows the key: `slipway:models[0].name`."""
    inside = path[1:] if len(path) > 1 and path[0] == "config" and isinstance(path[1], str) else path
    return joined(inside) or "config"


def _config(content: Mapping[str, Any]) -> dict[str, Any]:
    config = content.get("config")
    return config if type(config) is dict else {}


def read(path: Path) -> dict[str, Any]:
    """The file's content. Raises StackFileError: every fault of its form."""
    content, problems = examined(path)
    if problems:
        raise StackFileError("\n".join(f"{path}: {problem}" for problem in problems))
    return content


def effective(path: Path) -> dict[str, Any]:
    """The stack file with all that lies over it. Raises StackFileError."""
    content: dict[str, Any] = {}
    for each in files_of(path):
        content = merged(content, read(each))
    return content


def settings_of(content: Mapping[str, Any]) -> dict[str, Any]:
    """The values of the `slipway:` keys, secrets replaced by a placeholder."""
    given = {
        key.removeprefix(PREFIX): _opened(value) for key, value in _config(content).items() if key.startswith(PREFIX)
    }
    # As Pulumi.yaml's defaults have it: an empty one is none. That a stack is embedded is said to the tools alone.
    return {
        key: value for key, value in given.items() if value is UNREAD or value not in ({}, [], "") or key == "embedded"
    }


def without_secrets(content: Mapping[str, Any]) -> dict[str, Any]:
    """The content with a placeholder for every secret, and without what opens them."""
    return {"config": {key: _opened(value) for key, value in _config(content).items()}}


def _opened(value: Any) -> Any:
    if value is UNREAD:
        return value
    if isinstance(value, Mapping):
        return SECRET_PLACEHOLDER if set(value) == {"secure"} else {key: _opened(item) for key, item in value.items()}
    return [_opened(item) for item in value] if isinstance(value, list) else value
