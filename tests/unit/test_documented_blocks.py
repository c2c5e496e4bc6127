"""The documents' blocks of commands: each says what it needs, or a test runs it; those that need only files, here."""

import os
import re
import shlex
import subprocess
from pathlib import Path

import click
import pytest

from hpa import arguments
from tests.documents import Block, blocks, scratch_checkout, shell
from tools.cli import commands

SHELL = shell()
CONTEXT = click.Context(commands)


def test_every_block_says_what_it_is() -> None:
    assert [str(block) for block in blocks() if not block.language] == []


def test_every_command_stands_in_a_block_of_commands() -> None:
    command = re.compile(r"^\s*(\$ )?(make [a-z-]+( |$)|kubectl |curl |git |docker |(\S*/)?python3? -m )", re.MULTILINE)
    shown = [block for block in blocks() if block.language not in ("sh", "yaml")]
    # An `up` prints the curl that asks the model again.
    wrong = [str(block) for block in shown if command.search(block.text.replace("  curl -sS", ""))]
    assert wrong == []


def test_a_command_is_written_as_a_reader_types_it() -> None:
    """No prompt, no gap to fill in on a line that a test runs, and the Python that has the program's packages."""
    for block in SHELL:
        assert not re.search(r"^\$ ", block.text, re.MULTILINE), block
        assert not re.search(r"(^|[ (])python3? -m", block.text, re.MULTILINE), block
        assert block.needs != "", block
        assert block.needs is not None or "…" not in block.text, block


def test_every_block_that_names_no_need_is_run() -> None:
    run = {runner: [each for each in SHELL if each.runner == runner] for runner in ("mlflow", "local stack", "files")}
    assert all(run.values())
    unmarked = [block for block in SHELL if block.needs is None]
    assert {block.runner for block in unmarked} <= {"mlflow", "local stack", "files", "suite"}
    # A stack that is not the local one is never there by itself.
    assert [str(block) for block in run["local stack"] if "STACK=" in block.script] == []


def programs(block: Block) -> list[list[str]]:
    """What the block's `make` would run of this program, and what it runs by itself."""
    lines = block.text.replace("\\\n", " ")
    calls = re.findall(r"(?:^|&& |\$\(|; )(make [^\n&;)#]*)", lines, re.MULTILINE)
    made = "\n".join(recipe(call) for call in calls)
    return [
        shlex.split(call, comments=True)
        for call in re.findall(r"python -m ((?:tools|hpa) [^\n>&|;)]*)", f"{made}\n{lines}")
    ]


def recipe(call: str) -> str:
    """The commands of a call of make, none of them run."""
    words = shlex.split(call)
    done = subprocess.run(
        ["make", "--dry-run", "--assume-old=.venv/installed", *words[1:]], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{call}: {done.stderr}"
    return done.stdout


@pytest.mark.parametrize("block", SHELL, ids=str)
def test_every_command_takes_the_options_that_it_is_shown_with(block: Block) -> None:
    for program, *words in programs(block):
        if program == "hpa":
            arguments.parser().parse_args(words)
            continue
        command = commands.get_command(CONTEXT, words[0])
        assert command, words
        try:
            command.make_context(words[0], words[1:])
        except click.BadParameter:
            # A file that the reader has.
            pass
        except click.UsageError as error:
            pytest.fail(f"{' '.join(words)}: {error.format_message()}")


def test_what_make_would_run_is_read() -> None:
    block = Block(Path("x.md"), 1, "sh", 'make hpa FILE=a.yaml ARGS="--load spike" && make check\n')
    assert programs(block) == [["hpa", "a.yaml", "--load", "spike"], ["tools", "check"]]


def test_an_option_that_is_not_there_is_found() -> None:
    block = Block(Path("x.md"), 1, "sh", "make logs STACK=dev MODEL=wine ARGS=--folow\n")
    (call,) = programs(block)
    with pytest.raises(click.UsageError, match="--folow"):
        commands.get_command(CONTEXT, call[1]).make_context(call[1], call[2:])  # type: ignore[union-attr]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return scratch_checkout(tmp_path_factory.mktemp("documents") / "slipway")


@pytest.mark.parametrize("block", [block for block in SHELL if block.runner == "files"], ids=str)
def test_a_block_that_needs_only_files_runs_as_it_is(checkout: Path, block: Block) -> None:
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", block.script],
        cwd=checkout,
        # The virtual environment is the one that runs this.
        env={**os.environ, "MAKEFLAGS": "--assume-old=.venv/installed"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{block.script}\n{done.stdout}{done.stderr}"
