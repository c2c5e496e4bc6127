"""`python -m tools COMMAND STACK …`: one list of commands, one place that prints what stops them."""

import ast
import errno
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from components import errors
from components.errors import SlipwayError
from tools import cli
from tools.cli import commands
from tools.outcome import CODES, outcome

NAMES = commands.list_commands(click.Context(commands))
# Those that work on no stack, or on several.
WITHOUT_STACK = {"bench", "check", "new-model", "schema", "serve", "tools", "versions"}


def test_the_list_shows_every_command_with_its_first_line() -> None:
    done = CliRunner().invoke(commands, ["--help"], terminal_width=200)
    lines = dict(line.split(maxsplit=1) for line in done.output.splitlines() if re.match(r"  [a-z-]+  ", line))
    assert lines == {name: cli.summary(name) for name in NAMES}


def test_the_list_imports_no_command() -> None:
    code = "import sys; from tools.cli import commands; commands(['-h'], standalone_mode=False)"
    tell = "; print([name for name in sys.modules if name.startswith(('tools.commands.', 'pulumi', 'components.'))])"
    done = subprocess.run([sys.executable, "-c", code + tell], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "['components.errors']"


@pytest.mark.parametrize("name", NAMES)
def test_the_stack_comes_first_after_the_command(name: str) -> None:
    command = commands.get_command(click.Context(commands), name)
    assert command
    first = next((each.name for each in command.params if isinstance(each, click.Argument)), None)
    assert (first == "stack") == (name not in WITHOUT_STACK)


@pytest.mark.parametrize("name", NAMES)
def test_a_command_that_works_leaves_its_temporary_files_nowhere(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that do not write any need no folder for them."""
    monkeypatch.chdir(tmp_path)
    within: list[str] = []
    command = commands.get_command(click.Context(commands), name)
    assert command
    assert command.callback
    work = getattr(command.callback, "__wrapped__", None)
    if name in WITHOUT_STACK - {"bench"}:
        assert work is None
        return
    assert work
    assert work.__code__.co_filename == str(cli.FOLDER / f"{name.replace('-', '_')}.py")
    cli.scratched(lambda: within.append(tempfile.gettempdir()))()
    assert Path(within[0]).parent == tmp_path / ".slipway" / "tmp"


@pytest.mark.parametrize("name", NAMES)
def test_a_command_is_thin(name: str) -> None:
    code = ast.parse((cli.FOLDER / f"{name.replace('-', '_')}.py").read_text())
    assert [each.name for each in code.body if isinstance(each, ast.FunctionDef | ast.ClassDef)] == ["command"]


def test_an_unknown_command_is_the_command_lines_fault() -> None:
    done = CliRunner().invoke(commands, ["deploy", "dev"])
    assert done.exit_code == 2
    assert "deploy" in done.stderr


def test_pulumis_options_are_handed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[object] = []

    def run(*arguments: object) -> int:
        given.extend(arguments)
        return 3

    monkeypatch.setattr("tools.lifecycle.verbs.run", run)
    done = CliRunner().invoke(commands, ["up", "dev", "--confirm", "word", "--parallel", "4", "-d"])
    assert done.exit_code == 3, "Pulumi's own code"
    assert given[0] == "up"
    assert given[2:] == [("--parallel", "4", "-d"), "word"]


FAULT = SlipwayError("no such thing", key="slipway:models", value="x", remedy="write y")
FULL = f"the disk of {Path.cwd()} is full: make room, then run the same command again"
DENIED = "state: no access: make it readable and writable for this user"
STOPPED = "\nstopped; the same command goes on from here"


@pytest.mark.parametrize(
    ("raised", "code", "said"),
    [
        (FAULT, 1, "slipway:models: x: no such thing; write y"),
        (PermissionError(errno.EACCES, "denied", "state"), 1, DENIED),
        (OSError(errno.ENOSPC, "full"), 1, FULL),
        (KeyboardInterrupt(), 130, STOPPED),
        (EOFError(), 130, STOPPED),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_stops_a_command_is_printed_in_one_place(
    raised: BaseException, code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def command() -> int:
        raise raised

    assert outcome(command) == code
    assert code in CODES
    assert capsys.readouterr() == ("", f"{said}\n")


def test_a_fault_of_the_program_is_no_users_mistake() -> None:
    def command() -> int:
        raise OSError(errno.EIO, "broken")

    with pytest.raises(OSError, match="broken"):
        outcome(command)


def test_the_tree_in_the_docstring_is_the_tree_in_the_code() -> None:
    files = [file for folder in ("components", "hpa", "tools") for file in Path(folder).rglob("*.py")]
    written = {name for file in files for name in re.findall(r"^class (\w+)\(SlipwayError\)", file.read_text(), re.M)}
    assert written == set(re.findall(r"[├└]── (\w+)", errors.__doc__ or ""))


def test_what_workflows_say_on_github_needs_nothing_that_is_installed() -> None:
    python = shutil.which("python3") or "python3"
    code = "import sys, runpy; sys.path.insert(0, '.'); runpy.run_module('tools.comment', run_name='__main__')"
    done = subprocess.run([python, "-I", "-S", "-c", code, "--help"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "write" in done.stdout


def test_checking_a_stack_file_imports_no_pulumi() -> None:
    code = (
        "import sys; from tools.cli import commands; commands(['check', 'dev'], standalone_mode=False);"
        "print({name.partition('.')[0] for name in sys.modules} & {'pulumi', 'grpc', 'kubernetes', 'mlflow'})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1:] == ["set()"]
