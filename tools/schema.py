"""The JSON schema of the stack files, for editors."""

from typing import Any

from components.settings import Settings
from tools.stack_file import PREFIX


def schema() -> dict[str, Any]:
    """The schema of a whole `Pulumi.<stack>.yaml`, of which Slipway's keys are described in full."""
    settings = Settings.model_json_schema(by_alias=True)
    keys = {f"{PREFIX}{key}": value for key, value in settings["properties"].items()}
    config = {
        "type": "object",
        "properties": keys,
        "required": [f"{PREFIX}{key}" for key in settings["required"]],
        "patternProperties": {f"^(?!{PREFIX})": {}},
        "additionalProperties": False,
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A Slipway stack",
        "type": "object",
        "properties": {"config": config},
        "$defs": settings["$defs"],
    }
