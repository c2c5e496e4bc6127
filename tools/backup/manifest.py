"""What a backup says of itself: its last file, without which it is none."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from components.errors import SlipwayError
from tools.backup.facts import Facts

FILE = "manifest.json"
FORMAT = 1


@dataclass(frozen=True, kw_only=True)
class Content:
    """One file of a backup; `key` is what the store calls it, "" for the database."""

    file: str
    size: int
    sha256: str
    key: str = ""


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """`owned` are the registered names that the stack served, and had registered itself."""

    stack: str
    made: str
    bucket: str
    facts: Facts
    database: Content
    artifacts: Sequence[Content]
    owned: Sequence[str]

    def text(self) -> str:
        said = {
            "format": FORMAT,
            "stack": self.stack,
            "made": self.made,
            "bucket": self.bucket,
            "facts": self.facts.plain(),
            "database": vars(self.database),
            "artifacts": [vars(each) for each in self.artifacts],
            "owned": list(self.owned),
        }
        return json.dumps({**said, "seal": _seal(said)}, indent=1)

    @property
    def size(self) -> int:
        return self.database.size + sum(each.size for each in self.artifacts)


def read(text: str, where: str) -> Manifest:
    """Raises SlipwayError for one that was cut or altered, or that another Slipway wrote."""
    broken = SlipwayError(f"{where}: its {FILE} was cut or altered", remedy="take another backup")
    try:
        said: dict[str, Any] = json.loads(text)
        seal = said.pop("seal")
    except (ValueError, LookupError, AttributeError, TypeError):
        raise broken from None
    if seal != _seal(said):
        raise broken
    if said["format"] != FORMAT:
        raise SlipwayError(f"{where}: a backup of form {said['format']}, and this Slipway reads {FORMAT}")
    return Manifest(
        stack=said["stack"],
        made=said["made"],
        bucket=said["bucket"],
        facts=Facts.of(said["facts"]),
        database=Content(**said["database"]),
        artifacts=[Content(**each) for each in said["artifacts"]],
        owned=said["owned"],
    )


def _seal(said: Mapping[str, Any]) -> str:
    """Tells a manifest that changed by accident; whoever may write the backup can write another one."""
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
