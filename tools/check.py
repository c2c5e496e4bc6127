"""What is wrong with a stack file, found without Pulumi."""

from pathlib import Path

from components.errors import SlipwayError
from components.settings import SettingsError, parse_settings
from tools import committed_secrets, stack_file


def faults(path: Path) -> list[str]:
    """What is wrong with the stack file at `path`, its override included."""
    try:
        settings = parse_settings(stack_file.settings_of(stack_file.effective(path)))
    except stack_file.StackFileError as error:
        return [str(error)]
    except SettingsError as error:
        return [f"{path}: {problem}" for problem in error.problems]
    if not settings.policies.production:
        return []
    remedy = "a secret in plain text; write it with `pulumi config set --secret --path"
    return [f"{path}: {key}: {remedy} {key}`" for key in committed_secrets.found(path, settings)]


def require(path: Path) -> None:
    """Raises SlipwayError with all faults of the stack file, when there is any."""
    if found := faults(path):
        raise SlipwayError("\n".join(found))
