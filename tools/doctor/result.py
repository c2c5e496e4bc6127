"""What one check of the doctor found."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

State = Literal["ok", "note", "fault"]


@dataclass(frozen=True, kw_only=True)
class Result:
    """A `fault` fails an `up`, a `note` may; `remedy` is what to do about it. `about` is what was looked at.

    A note that is `accepted` has a reason written down, and nobody need act on it.
    """

    state: State
    about: str
    text: str
    remedy: str = ""
    accepted: bool = False

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def ok(about: str, text: str) -> Result:
    return Result(state="ok", about=about, text=text)


def note(about: str, text: str, remedy: str, *, accepted: bool = False) -> Result:
    return Result(state="note", about=about, text=text, remedy=remedy, accepted=accepted)


def fault(about: str, text: str, remedy: str) -> Result:
    return Result(state="fault", about=about, text=text, remedy=remedy)
