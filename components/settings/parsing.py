"""From plain data to settings, or to every fault that the data has."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from components.settings import problems
from components.settings.problems import SettingsError
from components.settings.rules.stack import check
from components.settings.stack import Settings


def parse_settings(data: Mapping[str, Any]) -> Settings:
    """Settings from the values of the `slipway:` keys, without the prefix. Raises SettingsError: every fault."""
    try:
        settings = Settings.model_validate(data)
    except ValidationError as error:
        raise SettingsError(problems.of(error, data, Settings)) from None
    if faults := check(settings):
        raise SettingsError(faults)
    return settings
