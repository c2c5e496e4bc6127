"""What is seen of MLflow's models, and together with what.

A cell is one flavour, one kind of signature, one kind of return and one Python. Each flavour is seen with every
signature that it takes and with every Python; of pyfunc, which takes and returns anything, every signature and every
return is seen with every Python. A signature and a return are not all seen together: the one is read before the model
is asked, the other is written after it, and tests/model has every one of both.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

PYTHONS = ("3.11", "3.12", "3.13")
SIGNATURES = (
    *("none", "columns", "tensor", "text", "bytes", "datetime", "nullable", "category", "whole-number names"),
    *("params", "no outputs", "Array", "Object", "Map"),
)
RETURNS = (
    *("ndarray", "DataFrame", "Series", "list", "scalar", "list of dicts", "dict of lists", "tuple", "bytes"),
    "None",
)


@dataclass(frozen=True, kw_only=True)
class Flavour:
    """`packages` are what it needs beside MLflow, the first of them the one whose version is told.

    `takes` has the signatures that it takes and what it returns then; None is anything.
    """

    name: str
    packages: tuple[str, ...]
    takes: Mapping[str, str | None]
    pythons: tuple[str, ...] = PYTHONS
    # By signature or Python: why such a cell is red.
    red: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Cell:
    flavour: str
    signature: str
    returned: str
    python: str
    # Why it is red, where it is.
    red: str | None = None

    @property
    def name(self) -> str:
        """As a registry and Kubernetes take it."""
        told = "-".join((self.flavour, self.signature, self.returned, self.python))
        return re.sub(r"[^a-z0-9]+", "-", told.lower())


FLAVOURS = (
    Flavour(name="pyfunc", packages=("mlflow",), takes=dict.fromkeys(SIGNATURES)),
    Flavour(
        name="pyfunc with code_paths",
        packages=("mlflow",),
        takes={"columns": "ndarray", "text": "list"},
    ),
    Flavour(
        name="sklearn",
        packages=("scikit-learn",),
        takes=dict.fromkeys(
            ("none", "columns", "tensor", "category", "nullable", "whole-number names", "no outputs"), "ndarray"
        ),
    ),
    Flavour(
        name="xgboost",
        packages=("xgboost-cpu",),
        takes=dict.fromkeys(("none", "columns", "tensor", "nullable", "no outputs"), "ndarray"),
    ),
    Flavour(
        name="lightgbm",
        packages=("lightgbm", "scikit-learn"),
        takes=dict.fromkeys(("none", "columns", "tensor", "nullable", "whole-number names"), "ndarray"),
    ),
    Flavour(
        name="catboost",
        packages=("catboost",),
        takes=dict.fromkeys(("none", "columns", "text"), "ndarray"),
    ),
    Flavour(
        name="statsmodels",
        packages=("statsmodels",),
        takes={"none": "Series", "columns": "Series", "no outputs": "Series"},
    ),
    Flavour(
        name="onnx",
        packages=("onnx", "onnxruntime"),
        takes={"none": "DataFrame", "columns": "DataFrame", "tensor": "dict of arrays"},
    ),
    Flavour(name="spacy", packages=("spacy",), takes={"text": "DataFrame", "none": "DataFrame"}),
    Flavour(name="tensorflow", packages=("tensorflow-cpu",), takes={"tensor": "ndarray", "none": "ndarray"}),
    Flavour(
        name="pytorch",
        packages=("torch",),
        # Traced with an array, as MLflow does it, a model takes nothing else.
        takes={"tensor": "ndarray"},
        # On PyPI it brings CUDA along, 5 GB for each Python.
        pythons=("3.12",),
    ),
    Flavour(name="prophet", packages=("prophet",), takes={"datetime": "DataFrame", "none": "DataFrame"}),
)
BY_NAME = {flavour.name: flavour for flavour in FLAVOURS}


# A dozen that are seen on kind too, by flavour, signature and Python: both servers, each Python.
_ON_KIND = {
    ("pyfunc", "bytes", "3.11"),
    ("pyfunc", "params", "3.11"),
    ("pyfunc", "Object", "3.12"),
    ("pyfunc", "Map", "3.12"),
    ("pyfunc", "nullable", "3.13"),
    ("pyfunc", "datetime", "3.13"),
    ("pyfunc with code_paths", "text", "3.12"),
    ("sklearn", "columns", "3.12"),
    ("xgboost", "none", "3.11"),
    ("lightgbm", "nullable", "3.11"),
    ("statsmodels", "no outputs", "3.13"),
    ("onnx", "tensor", "3.13"),
}


def on_kind() -> list[Cell]:
    return [cell for cell in cells() if (cell.flavour, cell.signature, cell.python) in _ON_KIND]


def cells() -> Iterator[Cell]:
    """By the rule above."""
    for flavour in FLAVOURS:
        kinds = list(flavour.takes.items())
        if None in flavour.takes.values():
            yield from _anything(flavour)
            continue
        for place in range(max(len(kinds), len(flavour.pythons))):
            signature, returned = kinds[place % len(kinds)]
            yield _cell(flavour, signature, str(returned), flavour.pythons[place % len(flavour.pythons)])


def _anything(flavour: Flavour) -> Iterator[Cell]:
    for shift, python in enumerate(flavour.pythons):
        for place in range(max(len(flavour.takes), len(RETURNS))):
            signature = list(flavour.takes)[place % len(flavour.takes)]
            # Another return beside each signature, Python by Python.
            returned = RETURNS[(place + 3 * shift) % len(RETURNS)]
            yield _cell(flavour, signature, returned, python)


def _cell(flavour: Flavour, signature: str, returned: str, python: str) -> Cell:
    red = flavour.red.get(signature) or flavour.red.get(python)
    return Cell(flavour=flavour.name, signature=signature, returned=returned, python=python, red=red)
