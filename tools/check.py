"""What is wrong with a stack file, found without Pulumi."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from components.errors import SlipwayError
from components.settings import Settings, SettingsError, parse_settings
from components.settings.merge import merged
from components.settings.problems import Problem, fault
from components.settings.rules import stack as rules
from components.settings.rules.cluster import version_of_node
from components.settings.secret_paths import LOST, lost
from tools import committed_secrets, stack_file
from tools.upgrades.rules import findings
from tools.upgrades.versions import Version
from tools.upgrades.wanted import wanted


def faults(path: Path) -> list[str]:
    """What is wrong with the stack file at `path`, its override included: a line for each fault."""
    lines: list[str] = []
    content: dict[str, Any] = {}
    told: set[str] = set()
    for file in stack_file.files_of(path):
        try:
            own, problems = stack_file.examined(file)
        except stack_file.StackFileError as error:
            return [str(error)]
        told |= {problem.key for problem in problems}
        lines += [f"{file}: {problem}" for problem in problems]
        content = merged(content, own)
    try:
        settings = parse_settings(stack_file.settings_of(content))
    except SettingsError as error:
        return [*lines, *(f"{path}: {problem}" for problem in error.problems if _is_new(problem, told, bool(lines)))]
    values = stack_file.settings_of(content)
    return lines or [f"{path}: {problem}" for problem in (*_lost(values, settings), *_of_right(path, settings))]


def _is_new(problem: Problem, told: set[str], broken: bool) -> bool:
    """Whether it is not just what a broken file brings about: a key that is missing because it could not be read."""
    return problem.key not in told and not (broken and problem.value == "missing")


def _lost(values: dict[str, Any], settings: Settings) -> list[Problem]:
    return [fault(path, None, LOST) for path in lost(values, settings)]


def _of_right(path: Path, settings: Settings) -> list[Problem]:
    """What is wrong with settings that are right in themselves."""
    refused = list(_versions(settings))
    if not settings.policies.production:
        return refused
    remedy = "a secret in plain text; write it with `pulumi config set --secret --path"
    return [*refused, *(Problem(key, "", f"{remedy} {key}`") for key in committed_secrets.found(path, settings))]


def _versions(settings: Settings) -> Iterator[Problem]:
    """Versions that an `up` would refuse whatever the cluster has."""
    kubernetes = settings.cluster.kubernetes or version_of_node(settings)
    have = {"kubernetes": Version.parse(kubernetes)} if kubernetes else {}
    for each in findings(have, wanted(settings)):
        if each.refused:
            yield Problem(f"slipway:{each.key}", "", each.text)


def notes(path: Path) -> list[str]:
    """What has no effect in a stack file without faults, and is no fault: a line for each."""
    settings = parse_settings(stack_file.settings_of(stack_file.effective(path)))
    return [f"{path}: {note}" for note in rules.notes(settings)]


def require(path: Path) -> None:
    """Raises SlipwayError with all faults of the stack file, when there is any."""
    if found := faults(path):
        raise SlipwayError("\n".join(found))
