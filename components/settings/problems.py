"""What is wrong in a stack's settings: the key, the value, and what to write instead."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from components.errors import SlipwayError

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Problem:
    """One fault. `key` is the full path, such as `slipway:models[0].autoscaling.max`."""

    key: str
    value: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.key}: {self.value}: {self.remedy}" if self.value else f"{self.key}: {self.remedy}"


class SettingsError(SlipwayError):
    """The settings cannot be used; the message has one line for each fault."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


def joined(path: Iterable[str | int]) -> str:
    """`("models", 0, "name")` as `models[0].name`. A key that may be a value in a wrong place is not repeated."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f"{'.' if text else ''}{_harmless_key(step)}"
    return text


def key_of(path: Iterable[str | int]) -> str:
    """`("models", 0, "name")` as `slipway:models[0].name`."""
    return f"slipway:{joined(path)}"


def _harmless_key(key: str) -> str:
    return key if key.isprintable() and len(key) <= 80 and "@" not in key and "://" not in key else "(not shown)"


def fault(path: Path, value: object, remedy: str) -> Problem:
    """A contradiction at `path`; a `value` of None is not shown."""
    return Problem(key_of(path), "" if value is None else repr(value), remedy)


def missing(path: Path, remedy: str) -> Problem:
    """A key without which the others contradict each other."""
    return Problem(key_of(path), "missing", remedy)
