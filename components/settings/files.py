"""Files of the project, and of this machine."""

from typing import Annotated

from pydantic import AfterValidator

from components.settings.text import text, visible

# A key of a ConfigMap, below a folder of the project.
Script = text(r"([^\s:]*/)?[A-Za-z0-9_][A-Za-z0-9_.-]*", 250, "the path of a script, such as model/train.py")
FilePath = text(r"[^\n\t]*[^\s]", 500, "the path of a file")
# A word of a command line.
Argument = Annotated[str, AfterValidator(visible)]
OF_ONE_MACHINE = "a path of this machine, and the state is every machine's; write it from the project's folder"


def of_one_machine(path: str) -> bool:
    """Whether it leads elsewhere, or nowhere, for somebody else."""
    return path.startswith(("/", "~"))
