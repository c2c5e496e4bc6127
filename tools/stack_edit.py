"""Changes of one model in a stack file; everything else in it, comments too, stays as it was."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from components.errors import SlipwayError
from components.settings import SettingsError, parse_settings
from tools import stack_file

MODELS = f"{stack_file.PREFIX}models"


def owner_of(path: Path) -> Path:
    """The file that has the list of models: the stack's override, where that one replaces it. Raises StackFileError."""
    over = stack_file.override_path_of(path)
    return over if over.is_file() and MODELS in stack_file.read(over).get("config", {}) else path


def rewrite(path: Path, change: Callable[[str], str]) -> Path:
    """Change the text of the file that has the models, unless the settings would be wrong then; returns the file.

    Raises SlipwayError and StackFileError.
    """
    stack_file.effective(path)
    owner = owner_of(path)
    before = owner.read_text()
    owner.write_text(change(before))
    try:
        parse_settings(stack_file.settings_of(stack_file.effective(path)))
    except SettingsError as error:
        owner.write_text(before)
        raise SlipwayError(f"{owner} is unchanged, for it would be wrong:\n{error}") from None
    return owner


def entry_of(text: str, model: str) -> yaml.MappingNode:
    """The model's entry in the list. Raises SlipwayError."""
    models = value_of(value_of(yaml.compose(text, Loader=yaml.SafeLoader), "config"), MODELS)
    entries = models.value if isinstance(models, yaml.SequenceNode) else []
    named = {name.value: entry for entry in entries if (name := value_of(entry, "name"))}
    if model not in named:
        raise SlipwayError(f"no model {model}; the file has {', '.join(named) or 'none'}")
    return named[model]  # type: ignore[no-any-return]


def value_of(node: Any, key: str) -> Any:
    """The node of a key's value; None when there is none."""
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    return next((value for name, value in pairs if name.value == key), None)


def written(text: str, node: yaml.Node) -> str:
    """A value as it stands in the text. Raises SlipwayError for one over several lines."""
    found = text[node.start_mark.index : node.end_mark.index]
    if "\n" in found:
        raise SlipwayError(f"line {node.start_mark.line + 1} begins a value of several lines: change the file by hand")
    return found


def with_key(text: str, model: str, key: str, value: str) -> str:
    """The text with `key: value` in the model's entry. Raises SlipwayError."""
    entry = entry_of(text, model)
    known = value_of(entry, key)
    if known and (known.start_mark.line == known.end_mark.line or entry.flow_style):
        return f"{text[: known.start_mark.index]}{value}{text[known.end_mark.index :]}"
    if known:
        return with_key(without_key(text, model, key), model, key, value)
    end = value_of(entry, "name").end_mark.index
    if entry.flow_style:
        return f"{text[:end]}, {key}: {value}{text[end:]}"
    line = text.find("\n", end)
    end = len(text) if line < 0 else line
    return f"{text[:end]}\n{' ' * entry.start_mark.column}{key}: {value}{text[end:]}"


def without_key(text: str, model: str, key: str) -> str:
    """The text without `key` in the model's entry; as it was when it is not there. Raises SlipwayError."""
    entry = entry_of(text, model)
    names = [name.value for name, _ in entry.value]
    if key not in names:
        return text
    position = names.index(key)
    name, value = entry.value[position]
    start, end = name.start_mark.index, _end(value)
    if entry.flow_style:
        # One comma goes along: the one before, or the one after the first key.
        if position:
            start = _end(entry.value[position - 1][1])
        else:
            end = entry.value[1][0].start_mark.index
        return f"{text[:start]}{text[end:]}"
    line = text.find("\n", end)
    end = len(text) if line < 0 else line + 1
    if not position:
        # The next key takes its place behind the dash.
        return f"{text[:start]}{text[end:].lstrip(' ')}"
    return f"{text[: text.rfind(chr(10), 0, start) + 1]}{text[end:]}"


def _end(node: yaml.Node) -> int:
    """Where a value ends: a block's own mark lies behind the comments after it."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _end(last[1] if isinstance(last, tuple) else last)
    return int(node.end_mark.index)
