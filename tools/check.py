"""Check stack files without Pulumi: `python -m tools.check Pulumi.dev.yaml`.

Prints one line for each fault (key, value, remedy) and exits with 1 if there is any.
"""

import argparse
from pathlib import Path

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


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.check", description=__doc__)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    found = [fault for path in parser.parse_args().files for fault in faults(path)]
    for fault in found:
        print(fault)
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
