"""Secrets that a stack made, turned over: the stack file counts how often, and `up` makes the new ones."""

import json
import re
from pathlib import Path

from components.errors import SlipwayError
from components.settings import parse_settings
from components.settings.rotated import secrets
from tools import check, stack_file
from tools.engine.stack import Stack
from tools.files import write_whole

ALL = "all"
_KEY = f"{stack_file.PREFIX}rotations"
_LINE = re.compile(rf"^(?P<indent>\s+){re.escape(_KEY)}:.*$", re.MULTILINE)


def rotate(stack: Stack, what: str, *, at_once: bool) -> list[str]:
    """Count what is turned over in the stack's file, and say what `up` will do. Raises SlipwayError.

    `at_once` takes the key before back with it, as one that has leaked must be.
    """
    settings = parse_settings(stack.values)
    known = secrets(settings)
    chosen = sorted(known) if what == ALL else [what]
    if unknown := [each for each in chosen if each not in known]:
        raise SlipwayError(
            f"{stack.name} has made no secret {unknown[0]}",
            remedy=f"it has {', '.join(sorted(known))}; what you gave it yourself is set with `pulumi config set`",
        )
    counts = dict(settings.rotations)
    for each in chosen:
        counts[each] = counts.get(each, 0) + (2 if at_once and each.startswith("api-key:") else 1)
    _write(stack.file, counts)
    return [f"{each}: {known[each]}" for each in chosen]


def _write(file: Path, counts: dict[str, int]) -> None:
    """Put the counts into the file, on one line; nothing else in it changes. Raises SlipwayError."""
    over = stack_file.override_path_of(file)
    owner = over if over.is_file() and _KEY in (stack_file.read(over).get("config") or {}) else file
    before = owner.read_text()
    write_whole(owner.resolve(), written(before, counts))
    if faults := check.faults(file):
        write_whole(owner.resolve(), before)
        raise SlipwayError("\n".join([f"{owner} is unchanged, for it would be wrong:", *faults]))


def written(text: str, counts: dict[str, int]) -> str:
    """The file's text with the counts in it. Raises SlipwayError."""
    quoted = {json.dumps(name) if ":" in name else name: count for name, count in sorted(counts.items())}
    inside = ", ".join(f"{name}: {count}" for name, count in quoted.items())
    if _LINE.search(text):
        return _LINE.sub(rf"\g<indent>{_KEY}: {{{inside}}}", text, count=1)
    lines = text.splitlines(keepends=True)
    config = next((number for number, line in enumerate(lines) if line.rstrip() == "config:"), None)
    if config is None or config + 1 == len(lines):
        raise SlipwayError("no `config:` in the stack's file to write the counts below")
    first = next(line for line in lines[config + 1 :] if line.strip() and not line.lstrip().startswith("#"))
    indent = first[: len(first) - len(first.lstrip())]
    return "".join([*lines[: config + 1], f"{indent}{_KEY}: {{{inside}}}\n", *lines[config + 1 :]])
