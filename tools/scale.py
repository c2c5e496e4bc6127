"""Set a model's fixed count of replicas: `python -m tools.scale dev mlflow-wine-classifier 3`.

Changes the number in the stack file and nothing else in it; `make up` then brings the cluster to it. So the count
survives the next `up`, and who changed it is in the file's history.
"""

import argparse
import sys
from pathlib import Path
from typing import Any

import yaml

from components.settings import Settings, SettingsError
from tools import stack_file

MODELS = f"{stack_file.PREFIX}models"


class ScaleError(Exception):
    """Why the count was not changed, and what to do."""


def owner_of(path: Path) -> Path:
    """The file that has the list of models: the stack's override, where that one replaces it. Raises StackFileError."""
    over = stack_file.override_path_of(path)
    return over if over.is_file() and MODELS in stack_file.read(over).get("config", {}) else path


def scaled(text: str, model: str, replicas: int) -> str:
    """The stack file's text with `replicas` for the model; all else, comments too, as it was. Raises ScaleError."""
    models = _value(_value(yaml.compose(text, Loader=yaml.SafeLoader), "config"), MODELS)
    entries = models.value if isinstance(models, yaml.SequenceNode) else []
    named = {name.value: entry for entry in entries if (name := _value(entry, "name"))}
    if model not in named:
        raise ScaleError(f"no model {model}; the file has {', '.join(named) or 'none'}")
    entry, known = named[model], _value(named[model], "replicas")
    if _value(entry, "autoscaling"):
        raise ScaleError(
            f"{model} has `autoscaling`, which owns the count: change its min and max, or remove it and then scale"
        )
    if known:
        return f"{text[: known.start_mark.index]}{replicas}{text[known.end_mark.index :]}"
    end = _value(entry, "name").end_mark.index
    if entry.flow_style:
        return f"{text[:end]}, replicas: {replicas}{text[end:]}"
    line = text.find("\n", end)
    end = len(text) if line < 0 else line
    return f"{text[:end]}\n{' ' * entry.start_mark.column}replicas: {replicas}{text[end:]}"


def _value(node: Any, key: str) -> Any:
    """The node of a key's value; None when there is none."""
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    return next((value for name, value in pairs if name.value == key), None)


def scale(path: Path, model: str, replicas: int) -> str:
    """Change the stack's file, unless the settings would be wrong then. Raises ScaleError and StackFileError."""
    if replicas < 1:
        raise ScaleError(f"{replicas} replicas: write at least 1 (to zero goes only Knative's class kpa)")
    stack_file.effective(path)
    owner = owner_of(path)
    before = owner.read_text()
    after = scaled(before, model, replicas)
    owner.write_text(after)
    try:
        Settings.parse(stack_file.settings_of(stack_file.effective(path)))
    except SettingsError as error:
        owner.write_text(before)
        raise ScaleError(f"{owner} is unchanged, for it would be wrong:\n{error}") from None
    return f"{owner}: {model} has replicas: {replicas}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.scale", description=__doc__)
    parser.add_argument("stack")
    parser.add_argument("model")
    parser.add_argument("replicas", type=int)
    arguments = parser.parse_args()
    try:
        done = scale(stack_file.path_of(arguments.stack), arguments.model, arguments.replicas)
    except (ScaleError, stack_file.StackFileError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{done}; now: make up STACK={arguments.stack}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
