"""A model folder as MLflow writes it, read without MLflow: what it was trained with, and its own example."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from components.serving import requirement_lines
from components.serving.conda import CondaEnvironment
from components.serving.problem import ServingError

# Files that speak of the model; what they name is not what the model imports.
_ABOUT = {
    *("MLmodel", "conda.yaml", "python_env.yaml", "requirements.txt", "constraints.txt"),
    *("input_example.json", "serving_input_example.json", "registered_model_meta"),
}


@dataclass(frozen=True)
class LoggedModel:
    """The folder that `log_model` or `save_model` wrote."""

    folder: Path

    @cached_property
    def described(self) -> Mapping[str, Any]:
        path = self.folder / "MLmodel"
        if not path.is_file():
            raise ServingError(f"{self.folder} is no MLflow model: it has no file MLmodel")
        return self._yaml("MLmodel")

    @property
    def metadata(self) -> Mapping[str, Any]:
        return dict(self.described.get("metadata") or {})

    @property
    def flavors(self) -> Mapping[str, Any]:
        return dict(self.described.get("flavors") or {})

    @property
    def python(self) -> str | None:
        """The Python that it was trained with, as `3.11`; None where nothing says so."""
        pyfunc = self.flavors.get("python_function") or {}
        said = (self._yaml("python_env.yaml").get("python"), pyfunc.get("python_version"), self._conda.python)
        found = (re.match(r"\d+\.\d+", str(version or "")) for version in said)
        return next((each[0] for each in found if each), None)

    @property
    def requirements(self) -> list[str]:
        """The lines of requirements.txt, and what conda alone would have brought."""
        path = self.folder / "requirements.txt"
        conda = self._conda
        if not path.is_file() and not conda.packages and not conda.pip:
            raise ServingError(f"{self.folder} has no requirements.txt: log the model with its pip_requirements")
        lines = requirement_lines.read(path) if path.is_file() else requirement_lines.lines_of("\n".join(conda.pip))
        names = set(map(requirement_lines.name, lines))
        return [*lines, *(line for line in conda.packages if requirement_lines.name(line) not in names)]

    @cached_property
    def _conda(self) -> CondaEnvironment:
        return CondaEnvironment.read(self._yaml("conda.yaml"))

    def _yaml(self, name: str) -> Mapping[str, Any]:
        path = self.folder / name
        return dict(yaml.safe_load(path.read_text(encoding="utf-8")) or {}) if path.is_file() else {}

    def mentions(self, *words: str) -> bool:
        """Whether one of the words is anywhere in its code or in what was pickled."""
        sought = [word.encode() for word in words]
        return any(word in content for content in self._contents for word in sought)

    @cached_property
    def _contents(self) -> list[bytes]:
        paths = (path for path in self.folder.rglob("*") if path.is_file() and path.name not in _ABOUT)
        return [path.read_bytes() for path in paths if path.suffix != ".whl"]
