"""The table of what was seen, as a page of the documents; what a run has not seen anew stays."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from tests.support.cells import Cell, cells
from tools.files import write_whole

PAGE = Path("docs/model-support.md")
UNSEEN = "not seen"
_COLUMNS = ("Flavor", "Signature", "Returns", "Python", "Version", "Server", "This machine", "kind")
_TEXT = """# What is served

`make test-support` wrote this table. Each row is a model that MLflow logged under that Python, in an environment of its
own, with the requirements that MLflow found. Slipway then served it as `make serve` does, with the versions that it
resolves itself. *Right* means that `/infer` and `/invocations` both gave what `mlflow.pyfunc.load_model(…).predict(…)`
gives where it was logged. On *kind* both did so through the gateway, from the image that `up` built of the model
in the stack's own MLflow: `tests/kind/test_flavors.py` does that with a dozen of them, in one `up`.

Each flavor is seen with every signature in its rows and, pytorch apart, with every Python; of `pyfunc`, which takes and
returns anything, every signature and every return is seen with every Python. They are not all seen with each other: a
signature is read before the model is asked, and a return is written after it. `tests/model` has each of both, against
MLflow's own answer. pytorch is seen on one Python alone, because PyPI's wheels bring 5 GB of CUDA along for each.

"""


@dataclass(frozen=True)
class Seen:
    """What the table says of a cell beside the cell itself."""

    version: str = ""
    server: str = ""
    local: str = UNSEEN
    kind: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.version, self.server, self.local, self.kind)


Key = tuple[str, ...]


def key(cell: Cell) -> Key:
    return (cell.flavour, cell.signature, cell.returned, cell.python)


def read(page: Path = PAGE) -> dict[Key, Seen]:
    """The rows of a page that is there."""
    rows = re.findall(r"^\| (?!Flavor|---)(.*) \|$", page.read_text(), re.MULTILINE) if page.is_file() else []
    split = [tuple(part.strip() for part in row.split("|")) for row in rows]
    return {row[:4]: Seen(*row[4:]) for row in split}


def put(cell: Cell, *, page: Path = PAGE, **seen: str) -> None:
    """Write what was seen of a cell into the page; what is known of the others, and else of it, stays."""
    found = read(page)
    found[key(cell)] = replace(found.get(key(cell), Seen()), **seen)
    write_whole(page, markdown(found))


def markdown(found: Mapping[Key, Seen]) -> str:
    lines = [" | ".join(_COLUMNS), "|".join(["---"] * len(_COLUMNS))]
    lines += [" | ".join((*key(cell), *found.get(key(cell), Seen()).columns)) for cell in cells()]
    return _TEXT + "".join(f"| {line} |\n" if "---" not in line else f"|{line}|\n" for line in lines)
