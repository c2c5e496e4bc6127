"""A second checkout of the project, so that what is measured, or tested, is not the one that somebody works with."""

import shutil
import sys
from pathlib import Path

PROJECT = Path(__file__).parents[3]
SOURCES = ("Pulumi.yaml", "Pulumi.local.yaml", "__main__.py", "components", "hpa", "policy", "tools", "model")


def checkout(root: Path) -> Path:
    """Copy the program into `root`, with this Python and these tools; return it."""
    for name in SOURCES:
        source = PROJECT / name
        if source.is_dir():
            shutil.copytree(source, root / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, root / name)
    for name, target in ((".venv", Path(sys.prefix)), (".tools", PROJECT / ".tools")):
        (root / name).symlink_to(target)
    return root
