"""A model's requirements as MLflow writes them, made into what its image installs."""

import os
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from components.serving import requirement_lines as read
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
# What a package asks for and only a training on several GPUs loads: half a gigabyte.
_OF_TRAINING = {"xgboost": ("nvidia-nccl-cu12", "nvidia-nccl-cu13")}
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
# Without extras, and from an index.
_PLAIN_MLFLOW = re.compile(r"mlflow\s*([=<>!~;(]|$)", re.IGNORECASE)
# What a compiler has to be there for.
_SOURCES = {".c", ".cc", ".cpp", ".cxx", ".f", ".f90", ".pyx", ".rs"}


@dataclass(frozen=True)
class Requirements:
    """The lines, those of the files that they refer to, and the paths that all of them name.

    Files and paths are relative to the model's folder.
    """

    lines: tuple[str, ...]
    files: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    paths: tuple[str, ...] = ()

    @classmethod
    def read(cls, model: LoggedModel) -> "Requirements":
        lines = tuple(model.requirements)
        files: dict[str, tuple[str, ...]] = {}
        paths = dict.fromkeys(_named(lines, model.folder, Path(), files))
        return cls(tuple(map(_installed, lines)), files, tuple(paths))

    @property
    def with_hashes(self) -> bool:
        every = (self.lines, *self.files.values())
        return any("--hash" in line for lines in every for line in lines)


def lean(requirements: Requirements, model: LoggedModel) -> Requirements:
    """The same with mlflow-skinny in place of MLflow, where what the model imports allows it."""
    lines = list(requirements.lines)
    names = {read.name(line) for line in lines}
    place = next((at for at, line in enumerate(lines) if _PLAIN_MLFLOW.match(line)), None)
    if place is None or not set(model.flavors) <= _LEAN_FLAVORS or requirements.with_hashes:
        return requirements
    lines[place] = f"mlflow-skinny{lines[place][len('mlflow') :]}"
    # Every pyfunc model needs these two; MLflow has no line of its own for them.
    needed = [each for each in ("numpy", "pandas") if each not in names]
    needed += [each for each, words in _WITH_MLFLOW.items() if each not in names and _needs(model, each, words)]
    return replace(requirements, lines=(*lines, *needed))


def _needs(model: LoggedModel, distribution: str, words: tuple[str, ...]) -> bool:
    flavor = {"scikit-learn": "sklearn", "skops": "sklearn"}.get(distribution)
    return flavor in model.flavors or model.mentions(*words)


def spared(requirements: Requirements) -> list[str]:
    """Lines for the resolver that leave out what nothing of the model needs."""
    names = {read.name(line) for line in requirements.lines}
    unused = list(_SPARED if "mlflow-skinny" in names else ())
    unused += [each for package, several in _OF_TRAINING.items() if package in names for each in several]
    return [f"{each}; sys_platform == 'never'" for each in unused if each not in names]


def libraries(locked: str) -> list[str]:
    """Debian packages for what is installed."""
    names = {read.name(line) for line in locked.splitlines()}
    return sorted({package for each, packages in _LIBRARIES.items() if each in names for package in packages})


def copy_files(requirements: Requirements, model: Path, folder: Path) -> None:
    """Bring what the lines point to, at the same place below `folder`."""
    for path, lines in requirements.files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text("".join(f"{line}\n" for line in lines), "utf-8")
    for path in requirements.paths:
        source, target = model / path, folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, dirs_exist_ok=True)
        else:
            shutil.copy(source, target)


def compiled(requirements: Requirements, model: Path) -> bool:
    """Whether one of the named folders or archives has sources that a compiler makes into something."""
    named = [model / path for path in requirements.paths]
    archives = any(path.is_file() and path.suffix != ".whl" for path in named)
    return archives or any(file.suffix in _SOURCES for path in named for file in path.rglob("*"))


def _installed(line: str) -> str:
    """As an image has it: nothing of the build's folders is in there, so what was editable is installed."""
    option, said = read.option(line)
    path = said if option == "--editable" else line if read.is_path(line) else None
    if path is None:
        return line
    return path if path.startswith((".", "/")) or "://" in path or "+" in path.partition(":")[0] else f"./{path}"


def _named(lines: Iterable[str], folder: Path, place: Path, files: dict[str, tuple[str, ...]]) -> Iterator[str]:
    """The paths that the lines name. `place` is that of their file, which others are found beside."""
    for line in lines:
        option, said = read.option(line)
        if option in ("--requirement", "--constraint"):
            path = _inside(line, str(place / said), folder)
            if path and path not in files:
                nested = read.read(folder / path)
                files[path] = tuple(map(_installed, nested))
                yield from _named(nested, folder, Path(path).parent, files)
            continue
        named = read.target(said) if option == "--editable" else said if option == "--find-links" else None
        named = read.target(line) if option is None else named
        path = _inside(line, named, folder) if named else None
        if path:
            yield path


def _inside(line: str, target: str, folder: Path) -> str | None:
    """The path, relative to the model's folder; None for a URL. Raises ServingError for what is not in there."""
    if target.startswith("file:") or Path(target).is_absolute():
        raise ServingError(
            f"requirements.txt: `{line}` is a file of the machine that the model was logged on: log the model with the "
            "file's folder in code_paths, and write the path below the model's folder, such as code/x.whl"
        )
    if "://" in target or "+" in target.partition(":")[0]:
        return None
    if not (folder / target).resolve().is_relative_to(folder.resolve()):
        raise ServingError(f"requirements.txt: `{line}` is outside of the model's folder, which alone is brought along")
    if not (folder / target).exists():
        raise ServingError(
            f"requirements.txt: `{line}`, and the model's folder has no {target}: log it along, as code_paths or "
            "artifacts, and write its path below the model's folder"
        )
    return os.path.normpath(target)
