"""A model's conda.yaml, as what an image without conda installs."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# What conda calls otherwise than PyPI.
_ON_PYPI = {"pytorch": "torch", "pytorch-cpu": "torch", "py-xgboost": "xgboost", "py-xgboost-cpu": "xgboost"}
# The environment itself.
_TOOLS = {"pip", "setuptools", "wheel"}


@dataclass(frozen=True)
class CondaEnvironment:
    """Its Python, its packages as lines for pip, and the lines that it has for pip itself."""

    python: str | None = None
    packages: tuple[str, ...] = ()
    pip: tuple[str, ...] = ()

    @classmethod
    def read(cls, described: Mapping[str, Any]) -> "CondaEnvironment":
        python, packages, pip = None, [], []
        for each in described.get("dependencies") or ():
            if isinstance(each, Mapping):
                pip += [str(line) for line in each.get("pip") or ()]
                continue
            name, version = _parts(str(each))
            if name == "python":
                python = version.lstrip("=<>!~ ") or None
            elif name not in _TOOLS:
                packages.append(f"{_ON_PYPI.get(name, name)}{version}")
        return cls(python, tuple(packages), tuple(pip))


def _parts(spec: str) -> tuple[str, str]:
    """Name and version as pip has them: conda's `=` is pip's `==`, and there may be a channel and a build."""
    name, rest = re.match(r"([\w.-]+)\s*(.*)", spec.rpartition("::")[2].strip()).groups()  # type: ignore[union-attr]
    exact = re.fullmatch(r"(={1,2}|\s)\s*([\w.*+!-]+)(=[\w.*]+)?", rest) if rest else None
    if not exact:
        return name.lower(), rest
    version = exact[2]
    # One equals sign is any version that begins so.
    loose = exact[1] == "=" and not exact[3] and version.count(".") < 2 and not version.endswith("*")
    return name.lower(), f"=={version}.*" if loose else f"=={version}"
