"""What every section of the settings has in common."""

from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
    field_validator,
)
from pydantic.alias_generators import to_camel

from components.settings.text import ENCRYPTED_SCHEMA, visible
from components.settings.unread import UNREAD


def _not_blank(secret: SecretStr) -> SecretStr:
    value = secret.get_secret_value()
    if not value.strip():
        raise ValueError("empty; write the secret, or remove the key")
    visible(value)
    return secret


# Kubernetes keeps its counts in 32 bits.
LARGEST = 2**31 - 1
Text = Annotated[str, StringConstraints(min_length=1, max_length=1000, strip_whitespace=True), AfterValidator(visible)]
Secret = Annotated[
    SecretStr,
    AfterValidator(_not_blank),
    WithJsonSchema({"anyOf": [{"type": "string", "pattern": r"\S", "writeOnly": True}, ENCRYPTED_SCHEMA]}),
]
Port = Annotated[int, Field(ge=1, le=65535)]
Positive = Annotated[int, Field(ge=1, le=LARGEST)]
Natural = Annotated[int, Field(ge=0, le=LARGEST)]


class Section(BaseModel):
    """Base of every section: frozen, camelCase keys, unknown keys refused, no silent conversions."""

    model_config = ConfigDict(
        alias_generator=to_camel, extra="forbid", frozen=True, strict=True, hide_input_in_errors=True, defer_build=True
    )

    @field_validator("*", mode="wrap")
    @classmethod
    def _leave_unread(cls, value: Any, handler: ValidatorFunctionWrapHandler) -> Any:
        return UNREAD if value is UNREAD else handler(value)
