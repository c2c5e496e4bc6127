"""A model's requirements as MLflow writes them, made into what its image installs."""

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from components.serving.logged_model import LoggedModel
from components.serving.problem import ServingError

# What all of MLflow brings along, by the word in a model's files that shows a need of it.
_WITH_MLFLOW = {
    "scikit-learn": ("sklearn",),
    "skops": ("skops",),
    "scipy": ("scipy",),
    "pyarrow": ("pyarrow", "string_arrow", "ArrowExtension"),
    "matplotlib": ("matplotlib",),
    "sqlalchemy": ("sqlalchemy",),
    "aiohttp": ("aiohttp",),
    "cryptography": ("cryptography",),
    "databricks-sdk": ("databricks",),
    "flask": ("flask",),
    "docker": ("import docker", "docker.client"),
    "gitpython": ("import git", "git.repo"),
}
# What mlflow-skinny asks for and a served model does without, unless its files mention it.
_SPARED = ("databricks-sdk", "gitpython")
# Of flavors whose loader needs no more of MLflow than mlflow-skinny has.
_LEAN_FLAVORS = {
    *("python_function", "sklearn", "xgboost", "lightgbm", "catboost", "statsmodels", "pytorch", "onnx", "prophet"),
    *("tensorflow", "keras", "pmdarima", "spacy", "sentence_transformers", "transformers"),
}
# Debian's packages of the libraries that a wheel expects on the machine.
_LIBRARIES = {
    "lightgbm": ("libgomp1",),
    "opencv-python": ("libgl1", "libglib2.0-0"),
    "opencv-contrib-python": ("libgl1", "libglib2.0-0"),
    "psycopg2": ("libpq5",),
    "pyodbc": ("unixodbc",),
    "python-magic": ("libmagic1",),
    "pytesseract": ("tesseract-ocr",),
    "pdf2image": ("poppler-utils",),
    "graphviz": ("graphviz",),
    "cairosvg": ("libcairo2",),
    "mysqlclient": ("libmariadb3",),
}
_NAME = re.compile(r"^\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(\[[^\]]*\])?")
_FILE_OPTIONS = {
    **dict.fromkeys(("-r", "--requirement", "-c", "--constraint"), "file"),
    **dict.fromkeys(("-e", "--editable", "-f", "--find-links"), "path"),
}


@dataclass(frozen=True)
class Requirements:
    """The lines, and the paths that they name, relative to the model's folder."""

    lines: tuple[str, ...]
    paths: tuple[str, ...] = ()

    @classmethod
    def read(cls, model: LoggedModel) -> "Requirements":
        lines, paths = [], []
        for line in _logical(model.requirements.read_text()):
            lines.append(line)
            paths += _paths(line, model.folder)
        return cls(tuple(lines), tuple(dict.fromkeys(paths)))

    @property
    def from_source(self) -> bool:
        """Whether something comes from a version control system."""
        return any(re.search(r"(^|\s|@\s*)(git|hg|svn|bzr)\+", line) for line in self.lines)


def name(line: str) -> str | None:
    """The distribution's name, as PyPI writes it; None for an option, a path or a URL."""
    found = _NAME.match(line)
    if line.startswith("-") or not found or _is_path(line):
        return None
    return re.sub(r"[-_.]+", "-", found[1]).lower()


def lean(requirements: Requirements, model: LoggedModel) -> Requirements:
    """The same with mlflow-skinny in place of MLflow, where what the model imports allows it."""
    lines = list(requirements.lines)
    names = {name(line) for line in lines}
    place = next((at for at, line in enumerate(lines) if re.match(r"mlflow\s*([=<>!~;]|$)", line)), None)
    if place is None or not set(model.flavors) <= _LEAN_FLAVORS or any("--hash" in line for line in lines):
        return requirements
    lines[place] = lines[place].replace("mlflow", "mlflow-skinny", 1)
    # Every pyfunc model needs these two; MLflow has no line of its own for them.
    needed = [each for each in ("numpy", "pandas") if each not in names]
    needed += [each for each, words in _WITH_MLFLOW.items() if each not in names and _needs(model, each, words)]
    return Requirements((*lines, *needed), requirements.paths)


def _needs(model: LoggedModel, distribution: str, words: tuple[str, ...]) -> bool:
    flavor = {"scikit-learn": "sklearn", "skops": "sklearn"}.get(distribution)
    return flavor in model.flavors or model.mentions(*words)


def spared(requirements: Requirements) -> list[str]:
    """Lines for the resolver that leave out what nothing of the model needs."""
    names = {name(line) for line in requirements.lines}
    if "mlflow-skinny" not in names:
        return []
    return [f"{each}; sys_platform == 'never'" for each in _SPARED if each not in names]


def libraries(locked: str) -> list[str]:
    """Debian packages for what is installed."""
    names = {name(line) for line in locked.splitlines()}
    return sorted({package for each, packages in _LIBRARIES.items() if each in names for package in packages})


def copy_paths(requirements: Requirements, model: Path, folder: Path) -> None:
    """Bring what the lines point to, at the same place below `folder`."""
    for path in requirements.paths:
        source, target = model / path, folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, dirs_exist_ok=True)
        else:
            shutil.copy(source, target)


def _logical(text: str) -> Iterator[str]:
    """Lines without comments, those continued with a backslash joined."""
    for line in re.sub(r"\\\n", " ", text).splitlines():
        bare = re.sub(r"(^|\s)#.*$", "", line).strip()
        if bare:
            yield bare


def _paths(line: str, folder: Path) -> list[str]:
    option, _, rest = re.sub(r"^(--?[a-z-]+)[=\s]*", r"\1 ", line).partition(" ")
    if option in _FILE_OPTIONS:
        target = rest.strip()
    elif " @ " in line or re.match(r"^[\w.-]+(\[.*\])?@", line):
        target = line.partition("@")[2].strip()
    elif _is_path(line):
        target = line
    else:
        return []
    target = re.split(r"\s*;|\s+--hash|\[(?=[^\]]*\]\s*$)", target)[0].strip()
    if target.startswith("file:") or Path(target).is_absolute():
        raise ServingError(
            f"requirements.txt: `{line}` is a file of the machine that the model was logged on: log the model with the "
            "file's folder in code_paths, and write the path below the model's folder, such as code/x.whl"
        )
    if "://" in target or "+" in target.partition(":")[0]:
        return []
    if not (folder / target).resolve().is_relative_to(folder.resolve()):
        raise ServingError(f"requirements.txt: `{line}` is outside of the model's folder, which alone is brought along")
    if not (folder / target).exists():
        raise ServingError(
            f"requirements.txt: `{line}`, and the model's folder has no {target}: log it along, as code_paths or "
            "artifacts, and write its path below the model's folder"
        )
    nested: list[str] = []
    if _FILE_OPTIONS.get(option) == "file":
        text = (folder / target).read_text()
        nested = [path for each in _logical(text) for path in _paths(each, folder)]
    return [target, *nested]


def _is_path(line: str) -> bool:
    first = re.split(r"\s|;|\[", line)[0]
    return (first.endswith((".whl", ".tar.gz", ".zip")) and "://" not in first) or first.startswith(("./", "../", "/"))
