"""A stack's own kubeconfig: the one context of the user's file that the settings name.

Users have their files in different places, and call the same cluster differently. Pulumi and every tool read this file,
whose place is the same in every checkout, so that nothing of the user's own gets into the state.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from components.clients import private
from components.errors import SlipwayError

# The only one in the stack's own.
CONTEXT = "slipway"
# What holds the path of another file, relative to the kubeconfig's folder.
_PATHS = ("certificate-authority", "client-certificate", "client-key", "tokenFile")


def own(state: Path) -> Path:
    """Where it is in the stack's folder."""
    return state / "kubeconfig"


def named(existing: Mapping[str, str]) -> str:
    """Where a person finds what the settings' `cluster.existing` names."""
    return f"context {existing['context']} of {existing['kubeconfig']}"


def write(existing: Mapping[str, str], file: str | Path) -> None:
    """Write the stack's file from the settings' `cluster.existing`. Raises SlipwayError for one that cannot be used."""
    path = Path(file)
    made = single(Path(existing["kubeconfig"]).expanduser(), existing["context"])
    content = yaml.safe_dump(made).encode()
    if not path.is_file() or path.read_bytes() != content:
        private.folder(path.parent)
        private.write(path, content)


def single(source: Path, context: str) -> dict[str, Any]:
    """The context with its cluster and its user, and absolute paths. Raises SlipwayError."""
    try:
        given = yaml.safe_load(source.read_text("utf-8"))
    except OSError as error:
        raise SlipwayError(f"{source}: {error.strerror}", key="slipway:cluster.existing.kubeconfig") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        said = " ".join(str(error).split())
        raise SlipwayError(f"{source}: not YAML: {said}", key="slipway:cluster.existing.kubeconfig") from None
    if not isinstance(given, dict):
        raise SlipwayError(f"{source}: not a kubeconfig", key="slipway:cluster.existing.kubeconfig")
    found = _named(given, "contexts", context)
    if found is None:
        names = ", ".join(str(each.get("name")) for each in given.get("contexts") or []) or "none"
        raise SlipwayError(
            f"{source} has no such context; it has: {names}", key="slipway:cluster.existing.context", value=context
        )
    cluster, user = str(found.get("cluster")), str(found.get("user"))
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": CONTEXT,
        "contexts": [{"name": CONTEXT, "context": {**found, "cluster": CONTEXT, "user": CONTEXT}}],
        "clusters": [{"name": CONTEXT, "cluster": _absolute(_named(given, "clusters", cluster) or {}, source)}],
        "users": [{"name": CONTEXT, "user": _absolute(_named(given, "users", user) or {}, source)}],
    }


def _named(given: Mapping[str, Any], section: str, name: str) -> dict[str, Any] | None:
    for each in given.get(section) or []:
        if each.get("name") == name:
            return dict(each.get(section.removesuffix("s")) or {})
    return None


def _absolute(entry: Mapping[str, Any], source: Path) -> dict[str, Any]:
    folder = source.absolute().parent
    made: dict[str, Any] = {
        key: str(folder / value) if key in _PATHS and value else value for key, value in entry.items()
    }
    if command := (made.get("exec") or {}).get("command"):
        # A bare name is looked for on PATH.
        made["exec"] = {**made["exec"], "command": str(folder / command) if "/" in command else command}
    return made
