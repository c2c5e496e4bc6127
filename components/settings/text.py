"""Texts of a form: what is accepted, what to write instead, and what may be shown of them."""

import re
import unicodedata
from collections.abc import Callable
from typing import Annotated, Any

from pydantic import AfterValidator, WithJsonSchema

# Stands where a stack file holds an encrypted value.
SECRET_PLACEHOLDER = "secure value"
# A value in the file that Pulumi decrypts.
ENCRYPTED_SCHEMA = {
    "type": "object",
    "properties": {"secure": {"type": "string"}},
    "required": ["secure"],
    "additionalProperties": False,
}


class Shown:
    """Marks a type whose values, wrong ones too, a message may show: nobody keeps a secret there."""


SHOWN = Shown()

# Format characters (zero-width ones, marks of direction), controls, what is not assigned or has no meaning.
_INVISIBLE = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


def visible(value: str) -> str:
    """The text, with line breaks and tabs at most. Raises ValueError for characters that nobody sees."""
    for character in value:
        if character not in "\n\t" and unicodedata.category(character) in _INVISIBLE:
            raise ValueError(f"the character U+{ord(character):04X} in it cannot be seen; remove it")
    return value


def text(
    pattern: str,
    longest: int,
    form: str,
    *rules: Callable[[str], object],
    shown: bool = True,
    encrypted: bool = False,
    empty: bool = False,
) -> Any:
    """A string that matches `pattern` as a whole; `form` says what to write.

    Each of `rules` raises ValueError for what a pattern cannot tell. `shown` says whether a message may repeat a wrong
    value, `encrypted` that a stack file may hold it as a secret, `empty` that nothing is a value too.
    """

    def check(value: str) -> str:
        if encrypted and value == SECRET_PLACEHOLDER:
            return value
        if not value and empty:
            return value
        if not value:
            raise ValueError(f"empty; write {form}, or remove the key")
        visible(value)
        if len(value) > longest:
            raise ValueError(f"{len(value)} characters; write at most {longest}")
        # Compiled where it is needed: there are many forms, and a file has few.
        if not re.fullmatch(pattern, value, re.ASCII):
            raise ValueError(f"write {form}")
        for rule in rules:
            rule(value)
        return value

    schema: dict[str, Any] = {
        "type": "string",
        "pattern": f"^(?:{pattern}){'?' if empty else ''}$",
        "maxLength": longest,
    }
    if encrypted:
        schema = {"anyOf": [schema, ENCRYPTED_SCHEMA]}
    marks = (SHOWN,) if shown else ()
    return Annotated[(str, AfterValidator(check), WithJsonSchema(schema), *marks)]
