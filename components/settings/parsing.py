"""From plain data to settings, or to every fault that the data has."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from components.settings import type_faults
from components.settings.problems import Path, Problem, SettingsError
from components.settings.rules.stack import check
from components.settings.stack import Settings
from components.settings.type_faults import TypeFault
from components.settings.unread import UNREAD

# More would not be read; nor are more rounds needed than values are nested.
_MOST, _ROUNDS = 200, 40


def parse_settings(data: Mapping[str, Any]) -> Settings:
    """Settings from the values of the `slipway:` keys, without the prefix. Raises SettingsError: every fault.

    What is of a wrong type is left out (UNREAD), so that contradictions in the rest are told with it.
    """
    content, problems = _lifted(_copied(data)), list[Problem]()
    settings = None
    for _ in range(_ROUNDS):
        try:
            settings = Settings.model_validate(content)
            break
        except ValidationError as error:
            problems += _left_out(content, error)
    if settings is not None:
        known = {problem.key for problem in problems}
        problems += [
            problem for problem in check(settings, partly_read=_has_unread(content)) if problem.key not in known
        ]
    if problems or settings is None or _has_unread(content):
        raise SettingsError(list(dict.fromkeys(problems))[:_MOST])
    return settings


def _left_out(content: dict[str, Any], error: ValidationError) -> Iterator[Problem]:
    """The faults, each of which is taken out of `content`."""
    found = [
        type_faults.read(detail, content, Settings) for detail in error.errors(include_url=False, include_input=False)
    ]
    for each in found:
        if each.problem.value or not _is_unread(content, each.path):
            yield each.problem
    for each in found:
        _leave_out(content, each)


def _leave_out(content: Any, found: TypeFault) -> None:
    *way, last = found.path if found.stray else found.field
    for step in way:
        # An unknown key above was taken out before, with all that is below it.
        if content is UNREAD or (isinstance(content, dict) and step not in content):
            return
        content = content[step]
    if content is UNREAD:
        return
    if found.stray:
        content.pop(last, None)
    else:
        content[last] = UNREAD


def _is_unread(content: Any, path: Path) -> bool:
    for step in path:
        if content is UNREAD:
            return True
        try:
            content = content[step]
        except (LookupError, TypeError):
            return False
    return content is UNREAD


def _lifted(content: dict[str, Any]) -> dict[str, Any]:
    """The content with UNREAD in place of the whole key, where it stood in a list or in a mapping of names."""
    for path in list(_unread(content)):
        field = type_faults.field_of(path, Settings)
        *way, last = field or path[:1]
        place: Any = content
        for step in way:
            if place is UNREAD:
                break
            place = place[step]
        if place is not UNREAD:
            place[last] = UNREAD
    return content


def _unread(content: Any, path: Path = ()) -> Iterator[Path]:
    if content is UNREAD:
        yield path
    elif isinstance(content, dict):
        for key, value in content.items():
            yield from _unread(value, (*path, key))
    elif isinstance(content, list):
        for index, value in enumerate(content):
            yield from _unread(value, (*path, index))


def _has_unread(content: Any) -> bool:
    return any(True for _ in _unread(content))


def _copied(value: Any) -> Any:
    if value is UNREAD:
        return value
    if isinstance(value, Mapping):
        return {key: _copied(each) for key, each in value.items()}
    return [_copied(each) for each in value] if isinstance(value, list | tuple) else value
