"""What a stack had in its cluster, kept while a destroy is not complete: the state forgets it piece by piece."""

import json
from dataclasses import asdict
from pathlib import Path

from components.clients import private
from components.errors import SlipwayError
from tools.files import write_whole
from tools.teardown.inventory import Brought, Inventory


def path(folder: Path) -> Path:
    return folder / "inventory.json"


def write(folder: Path, inventory: Inventory) -> None:
    """Write the inventory into the stack's own folder."""
    content = {
        key: sorted(value) if isinstance(value, frozenset) else value for key, value in asdict(inventory).items()
    }
    private.folder(folder)
    write_whole(path(folder), json.dumps(content, indent=1))


def read(folder: Path) -> Inventory:
    """What an earlier destroy did not complete; empty when there was none."""
    if not path(folder).is_file():
        return Inventory()
    try:
        content = json.loads(path(folder).read_text())
    except ValueError:
        raise SlipwayError(
            f"{path(folder)} is cut: what an earlier destroy left cannot be read from it",
            remedy="delete it, and look for what is left: kubectl get namespaces",
        ) from None
    return Inventory(
        namespaces=frozenset(content["namespaces"]),
        releases=frozenset((namespace, name) for namespace, name in content["releases"]),
        objects=frozenset((version, kind, namespace, name) for version, kind, namespace, name in content["objects"]),
        brought=tuple(
            Brought(tuple(each["groups"]), tuple(each["found"]), each["config_maps"]) for each in content["brought"]
        ),
    )


def forget(folder: Path) -> None:
    path(folder).unlink(missing_ok=True)
