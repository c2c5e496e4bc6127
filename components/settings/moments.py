"""Schedules, moments and spans of time, as CloudNativePG reads them."""

import re
from datetime import datetime

from components.settings.text import text

# Seconds, minutes, hours, days, months, days of the week: https://pkg.go.dev/github.com/robfig/cron
_FIELDS = (
    ("second", 0, 59),
    ("minute", 0, 59),
    ("hour", 0, 23),
    ("day", 1, 31),
    ("month", 1, 12),
    ("day of the week", 0, 6),
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_NAMES = {
    "month": {name: number for number, name in enumerate(_MONTHS, 1)},
    "day of the week": {name: number for number, name in enumerate(_DAYS)},
}
_LONGEST_MONTHS = {2: 29, 4: 30, 6: 30, 9: 30, 11: 30}


def _schedule(value: str) -> None:
    if value.startswith("@"):
        return
    days, months = set[int](), set[int]()
    parts = value.split(" ")
    for (name, lowest, highest), part in zip(_FIELDS, parts, strict=True):
        found = {number for item in part.split(",") for number in _numbers(item, name, lowest, highest)}
        if name == "day":
            days = found
        elif name == "month":
            months = found
    any_day = parts[5] in ("*", "?")
    if any_day and not any(min(days) <= _LONGEST_MONTHS.get(month, 31) for month in months):
        raise ValueError("none of its months has such a day, so it would never run; write another day")


def _numbers(item: str, name: str, lowest: int, highest: int) -> range:
    span, slash, step = item.partition("/")
    if slash and (not step.isdecimal() or not 1 <= int(step) <= highest - lowest + 1):
        raise ValueError(f"the step of its {name} is a number from 1 to {highest - lowest + 1}")
    if span in ("*", "?"):
        return range(lowest, highest + 1, int(step or 1))
    first, hyphen, last = span.partition("-")
    start = _number(first, name, lowest, highest)
    end = _number(last, name, lowest, highest) if hyphen else highest if slash else start
    if end < start:
        raise ValueError(f"its {name} from {start} to {end} is none; write the smaller one first")
    return range(start, end + 1, int(step or 1))


def _number(word: str, name: str, lowest: int, highest: int) -> int:
    number = _NAMES.get(name, {}).get(word.lower(), int(word) if re.fullmatch("[0-9]{1,4}", word) else -1)
    if not lowest <= number <= highest:
        raise ValueError(f"its {name} is a number from {lowest} to {highest}")
    return number


def _moment(value: str) -> None:
    try:
        datetime.fromisoformat(value)
    except ValueError:
        raise ValueError('there is no such date or time; write one such as "2026-01-31T12:00:00Z"') from None


CronWithSeconds = text(
    r"([0-9A-Za-z*?,/-]+ ){5}[0-9A-Za-z*?,/-]+|@(yearly|annually|monthly|weekly|daily|midnight|hourly)",
    100,
    "six fields, seconds first, such as 0 0 2 * * *",
    _schedule,
)
Retention = text(r"[1-9][0-9]{0,4}[dwm]", 10, "a count of days, weeks or months, such as 30d, 4w or 6m")
Timestamp = text(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:?[0-9]{2})",
    40,
    'a moment such as "2026-01-31T12:00:00Z"',
    _moment,
)


def _day(value: str) -> None:
    try:
        datetime.fromisoformat(value)
    except ValueError:
        raise ValueError("no day of the calendar") from None


Day = text(r"\d{4}-\d\d-\d\d", 10, 'a day such as "2026-12-31"', _day)
