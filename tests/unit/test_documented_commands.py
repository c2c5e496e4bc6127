"""What the documents and messages tell a reader to type is there: every make target, variable, command and option."""

import ast
import re
import shlex
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import click
import pytest

from tools.cli import commands

DOCUMENTS = [*Path().glob("*.md"), *Path("docs").rglob("*.md"), *Path("hpa").rglob("*.md")]
MAKEFILE = Path("Makefile").read_text()
TARGETS = {word for line in re.findall(r"^([a-z][a-z -]*):", MAKEFILE, re.MULTILINE) for word in line.split()}
VARIABLES = set(re.findall(r"\$\((?:if \$\()?([A-Z]+)\)", MAKEFILE)) | {"PYTHON"}
CONTEXT = click.Context(commands)


def code_of(text: str) -> Iterator[str]:
    """The lines of a document's code blocks, and what stands between backticks elsewhere."""
    parts = re.split(r"^ *```.*$", text, flags=re.MULTILINE)
    for block in parts[1::2]:
        yield from block.splitlines()
    for prose in parts[::2]:
        yield from (" ".join(span.split()) for span in re.findall(r"`([^`]+)`", prose))


def strings_of(path: Path) -> Iterator[str]:
    """The texts in a file of the program."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


SAID = [(str(path), line) for path in DOCUMENTS for line in code_of(path.read_text())]
PROGRAM = [path for part in ("components", "hpa", "tools", "policy") for path in sorted(Path(part).rglob("*.py"))]
SAID += [(str(path), line) for path in PROGRAM for line in strings_of(path)]
MAKE = re.compile(r"(?:^|[ (`$;])make ((?:-\S+ )*[a-z][a-z-]*(?: [A-Z]+=(?:\"[^\"]*\"|'[^']*'|\S+))*)")


def test_every_make_target_and_variable_is_there() -> None:
    wrong = []
    found = 0
    for where, line in SAID:
        # In prose of the program, `make` is also a word: there a target comes with a variable, or ends the command.
        for call in MAKE.findall(line):
            words = [word for word in call.split() if not word.startswith("-")]
            if where.endswith(".py") and len(words) == 1 and f"`make {call}`" not in line:
                continue
            found += 1
            names = {word.partition("=")[0] for word in words[1:] if re.match(r"[A-Z]+=", word)}
            if words[0] not in TARGETS or names - VARIABLES:
                wrong.append((where, call))
    assert wrong == []
    assert found > 50


def test_every_command_and_option_is_there() -> None:
    found = 0
    for where, line in SAID:
        for call in re.findall(r"python3? -m tools ([^`|)\n]*)", line):
            words = shlex.split(call, comments=True)
            if not words or words[0].isupper() or "…" in words:
                continue
            command = commands.get_command(CONTEXT, words[0])
            assert command, f"{where}: {call}"
            parsed = [word.rstrip(".,;:") for word in words[1:]]
            try:
                command.make_context(words[0], parsed)
            except click.BadParameter:
                # Names of files that a reader has.
                pass
            except click.UsageError as error:
                pytest.fail(f"{where}: {call}: {error.format_message()}")
            found += 1
    assert found > 5


def test_every_module_that_is_run_is_there() -> None:
    modules = {(where, name) for where, line in SAID for name in re.findall(r"python3? -m ([a-z_.]+)", line)}
    assert not [each for each in modules if not find_spec(each[1].rstrip("."))]


def test_make_lists_every_command() -> None:
    called = set(re.findall(r"-m tools ([a-z][a-z-]*)", MAKEFILE))
    shared = re.findall(r"^([a-z -]+): .*\n\t@\$\(PY\) -m tools \$@", MAKEFILE, re.MULTILINE)
    assert called | {word for line in shared for word in line.split()} == set(commands.list_commands(CONTEXT))


def test_make_calls_no_command_that_is_not_there_and_tells_what_each_target_does() -> None:
    told = set(re.findall(r"^([a-z-]+):.*## \S", MAKEFILE, re.MULTILINE))
    assert TARGETS - told == set()
