"""Changes of one model in a stack file; everything else in it, comments too, stays as it was.

The change is made on a round trip of the file without its comments, and only the lines that it changed are put into the
file's own text.
"""

import copy
import io
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import YAMLError
from ruamel.yaml.tokens import ScalarToken

from components.errors import SlipwayError
from tools import check, stack_file
from tools.files import write_whole

MODELS = f"{stack_file.PREFIX}models"

Change = Callable[[CommentedMap], None]


def owner_of(path: Path) -> Path:
    """The file that has the list of models: the stack's override, where that one replaces it. Raises StackFileError."""
    over = stack_file.override_path_of(path)
    return over if over.is_file() and MODELS in (stack_file.read(over).get("config") or {}) else path


def model_of(path: Path, model: str) -> dict[str, Any]:
    """The model's entry as the stack has it. Raises SlipwayError."""
    return dict(_entry(stack_file.read(owner_of(path)), model))


def change(path: Path, model: str, edit: Change) -> Path:
    """Let `edit` change the model's entry in the file that has it, which is returned.

    Raises SlipwayError, and leaves the file as it was, when another model would change with it or the settings would
    be wrong then.
    """
    stack_file.effective(path)
    owner = owner_of(path)
    text = owner.read_bytes().decode()
    wanted = edited(text, model, edit)
    with tempfile.TemporaryDirectory() as name:
        trial = Path(name) / path.name
        for file in stack_file.files_of(path):
            copied = trial.parent / file.relative_to(path.parent)
            copied.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, copied)
        new = trial.parent / owner.relative_to(path.parent)
        new.write_bytes(wanted.encode())
        if found := check.faults(trial):
            said = "\n".join(found).replace(f"{trial.parent}/", "")
            raise SlipwayError(f"{owner} is unchanged, for it would be wrong:\n{said}")
        _refuse_others(model, stack_file.read(owner), stack_file.read(new))
    write_whole(owner.resolve(), wanted)
    return owner


def put(entry: CommentedMap, key: str, value: Any) -> None:
    """Set a key; a new one comes after the name, so that it stands where a reader looks."""
    names = list(entry)
    if key in names or entry.merge or "name" not in names:
        entry[key] = value
    else:
        entry.insert(names.index("name") + 1, key, value)


def drop(entry: CommentedMap, key: str) -> None:
    """Remove a key; what a merge (`<<:`) brings is overruled by null."""
    if key in entry and not _inherited(entry, key):
        del entry[key]
    if entry.get(key) is not None:
        put(entry, key, None)


def flow(**values: Any) -> CommentedMap:
    """A mapping that is written on one line."""
    result = CommentedMap(values)
    result.fa.set_flow_style()
    return result


def edited(text: str, model: str, edit: Change) -> str:
    """The text with the model's entry changed. Raises SlipwayError."""
    lines = text.splitlines(keepends=True)
    bare = [_without_comment(line, kept) for line, kept in zip(lines, _kept(text, lines), strict=True)]
    places = [number for number, line in enumerate(bare) if line.strip()]
    shown = [bare[number].rstrip() for number in places]
    try:
        before, after = (list(_round_trip("\n".join(shown), model, each)) for each in (lambda _entry: None, edit))
    except YAMLError as error:
        raise SlipwayError(f"not YAML that can be changed: {' '.join(str(error).split())}") from None
    ending = "\r\n" if "\r\n" in text else "\n"
    for start, end, new in reversed(list(_hunks(shown, before, after))):
        old = [lines[number] for number in places[start:end]]
        first = places[start] if start < len(places) else len(lines)
        last = places[end - 1] + 1 if end > start else first
        if first == last and first and not lines[first - 1].endswith("\n"):
            lines[first - 1] += ending
        lines[first:last] = [f"{line}{_comment_of(line, old, bare, places[start:end])}{ending}" for line in new]
    result = "".join(lines)
    return result if text.endswith("\n") else result.rstrip("\r\n")


def _round_trip(text: str, model: str, edit: Change) -> Iterator[str]:
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 1 << 20
    content = yaml.load(text)
    entry = _entry(content, model)
    base, key = content["config"], content["config"].lc.key(MODELS)[1]
    if not content["config"][MODELS].fa.flow_style():
        dash = re.search(r"-(?= )", text.splitlines()[entry.lc.line][key:])
        yaml.indent(mapping=base.lc.col or 2, sequence=entry.lc.col - key, offset=dash.start() if dash else 0)
    edit(entry)
    out = io.StringIO()
    yaml.dump(content, out)
    return iter(line.rstrip() for line in out.getvalue().splitlines() if line.strip())


def _entry(content: Any, model: str) -> Any:
    entries = (content.get("config") or {}).get(MODELS) or []
    named = {each["name"]: each for each in entries if isinstance(each, dict) and "name" in each}
    if model not in named:
        raise SlipwayError(f"no model {model}; the file has {', '.join(named) or 'none'}")
    return named[model]


def _inherited(entry: CommentedMap, key: str) -> bool:
    """Whether the key comes from a merge alone."""
    return key in entry and key not in dict(entry.non_merged_items())


def _refuse_others(model: str, before: dict[str, Any], after: dict[str, Any]) -> None:
    """Raises SlipwayError when more than the model's entry differs, as where others merge it or share its anchor."""
    rest = [copy.deepcopy(each) for each in (before, after)]
    changed = [
        other["name"] for other, new in zip(rest[0]["config"][MODELS], rest[1]["config"][MODELS], strict=True)
        if other != new and other["name"] != model
    ]  # fmt: skip
    for each in rest:
        del each["config"][MODELS]
    if changed or rest[0] != rest[1]:
        what = ", ".join(changed) or "what stands outside the list"
        raise SlipwayError(
            f"nothing was changed: {what} takes values of {model} by `<<:` or an alias, and would change with it",
            remedy="write those values out there first",
        )


def _kept(text: str, lines: Sequence[str]) -> list[int]:
    """By line, up to which column a `#` is part of a value."""
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    columns = [0] * len(lines)
    for token in YAML().scan(text):
        if isinstance(token, ScalarToken):
            for number in range(token.start_mark.line, min(token.end_mark.line + 1, len(lines))):
                ends_here = number == token.end_mark.line
                columns[number] = max(columns[number], token.end_mark.column if ends_here else len(lines[number]))
    return columns


def _without_comment(line: str, kept: int) -> str:
    found = re.compile(r"(^|\s)#").search(line, kept)
    return line[: found.start()] if found else line


def _comment_of(new: str, old: Sequence[str], bare: Sequence[str], places: Sequence[int]) -> str:
    """The comment behind the line that had the same key."""
    key = _key(new)
    for line, number in zip(old, places, strict=True):
        if key and _key(line) == key:
            return line[len(bare[number].rstrip()) :].rstrip()
    return ""


def _key(line: str) -> str:
    return line.strip().removeprefix("- ").partition(":")[0]


def _spaced(line: str) -> str:
    """The line as a round trip would space it, but for its indentation."""
    words = re.sub(r"(?<=[{\[]) | (?=[}\],:])", "", " ".join(line.split()))
    return line[: len(line) - len(line.lstrip())] + words


def _hunks(text: Sequence[str], before: Sequence[str], after: Sequence[str]) -> Iterator[tuple[int, int, list[str]]]:
    """Lines of `text` and what to put in their place: what differs from `before`, its round trip, to `after`.

    Where the round trip wrote the text another way, the whole of such a place is taken.
    """
    blocks = SequenceMatcher(None, [*map(_spaced, text)], [*map(_spaced, before)], autojunk=False).get_opcodes()
    for tag, start, end, new_start, new_end in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        low, lead, high, tail = len(text), 0, 0, 0
        for kind, first, last, begin, stop in blocks:
            if begin <= start < stop:
                low, lead = (first + start - begin, 0) if kind == "equal" else (first, start - begin)
            if begin < end <= stop:
                high, tail = (first + end - begin, 0) if kind == "equal" else (last, stop - end)
        yield low, max(low, high), list(after[new_start - lead : new_end + tail])
