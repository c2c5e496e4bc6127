"""How runs are interrupted, on a command that stands for the real one."""

import contextlib
import json
import random
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tools.commands.interruptions import command
from tools.engine.stack import Stack
from tools.interruptions import traces
from tools.interruptions.rounds import Interruptions, Outcome, summary
from tools.interruptions.victim import Victim, victim

COMMAND = """
import pathlib, signal, sys, time
takes = signal.getsignal(signal.SIGINT) == signal.default_int_handler
print(sys.argv[1], "takes SIGINT" if takes else "ignores SIGINT", flush=True)
half = pathlib.Path("half")
half.touch()
time.sleep(1)
half.unlink()
"""


class Watched(Victim):
    def left(self, verb: str) -> list[str]:  # noqa: ARG002
        return ["what is half done"] if Path("half").exists() else []


@pytest.fixture
def interruptions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Interruptions]:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "__main__.py").write_text(COMMAND)
    watched = Watched(stack=Stack("x"), namespaces=frozenset(), cluster=None, kind=None)
    # As a shell starts what runs in the background.
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    made = Interruptions(watched, random.Random(1), lambda _line: None)
    made.lasts = {"up": 0.5, "destroy": 0.5}
    yield made
    signal.signal(signal.SIGINT, before)


def test_each_verb_is_cut_off_with_each_signal_and_run_again(interruptions: Interruptions) -> None:
    found = list(interruptions.rounds(["INT", "KILL"], ["up", "destroy"], 1))
    assert [(each.verb, each.signal, each.faults) for each in found] == [
        ("up", "INT", ()),
        ("destroy", "INT", ()),
        ("up", "KILL", ()),
        ("destroy", "KILL", ()),
    ]
    log = Path("interruptions.log").read_text()
    assert log.count("--- ") == 8
    assert "takes SIGINT" in log
    assert "ignores SIGINT" not in log


def test_a_run_that_was_over_before_its_moment_was_not_interrupted(interruptions: Interruptions) -> None:
    interruptions.lasts["up"] = 60.0
    found = next(interruptions.rounds(["KILL"], ["up"], 1))
    assert interruptions.lasts["up"] < 30
    assert found.after < 2 * interruptions.lasts["up"]
    assert not found.faults
    log = Path("interruptions.log").read_text()
    assert log.count("--- up") == log.count("--- destroy") + 2


def test_a_run_that_is_under_way_ends_with_the_command(interruptions: Interruptions) -> None:
    with contextlib.closing(interruptions):
        run = interruptions._begun("up")
        _wait_for(Path("half"))
    assert run.returncode == -signal.SIGKILL
    assert Path("half").exists()


def _wait_for(file: Path) -> None:
    deadline = time.monotonic() + 60
    while not file.exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_kind_cluster_that_is_up_then_is_removed(
    interruptions: Interruptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(interruptions, "victim", replace(interruptions.victim, kind="cut"))
    monkeypatch.setattr("components.dynamic.kind_cluster.there", lambda name: name == "cut")
    interruptions.close()
    assert Path("interruptions.log").read_text().startswith("--- destroy")


@pytest.mark.parametrize(("ends", "code"), [(KeyboardInterrupt(), 130), (SystemExit(143), 143)], ids=["INT", "TERM"])
def test_the_command_that_is_interrupted_itself_leaves_no_run_and_says_so(
    interruptions: Interruptions, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, ends: BaseException, code: int
) -> None:
    def measured(self: Interruptions) -> None:
        runs.append(self._begun("up"))
        raise ends

    @contextlib.contextmanager
    def chosen(_stack: Stack, _folder: Path) -> Iterator[Victim]:
        yield interruptions.victim

    runs: list[Any] = []
    monkeypatch.setattr(Interruptions, "measured", measured)
    monkeypatch.setattr("tools.commands.interruptions.victim", chosen)
    (tmp_path / "Pulumi.x.yaml").write_text("config: {}\n")
    with pytest.raises(SystemExit) as ended:
        sys.exit(command.main(["x"], standalone_mode=False))
    assert ended.value.code == code
    assert runs[0].returncode == -signal.SIGKILL


def test_what_is_left_is_a_fault(interruptions: Interruptions, monkeypatch: pytest.MonkeyPatch) -> None:
    def left(_self: Victim, verb: str) -> list[str]:
        return [f"a lock after {verb}"]

    monkeypatch.setattr(Watched, "left", left)
    found = next(interruptions.rounds(["TERM"], ["up"], 1))
    assert found.faults == ("the next up: a lock after up",)


def test_the_summary_counts_each_verb_and_signal_apart() -> None:
    def outcome(verb: str, name: str, *faults: Any) -> Outcome:
        return Outcome(verb, name, 1.0, faults)

    said = list(summary([outcome("up", "INT"), outcome("destroy", "INT", "left a lock"), outcome("up", "INT")]))
    assert said == ["2 of 2: up after SIGINT", "0 of 1: destroy after SIGINT"]


def test_a_stack_file_that_git_does_not_know_is_interrupted_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tools.interruptions.victim.checkout", lambda _: None)
    own, thrown_away = tmp_path / "own", tmp_path / "thrown-away"
    own.mkdir()
    thrown_away.mkdir()
    monkeypatch.chdir(own)
    config = {"slipway:cluster": {"kind": {"name": "cut"}}, "slipway:ingress": {"domain": "cut.localhost"}}
    Path("Pulumi.cut.yaml").write_text(json.dumps({"config": config}))
    with victim(Stack("cut"), thrown_away) as chosen:
        assert chosen.kind == "cut"
        assert chosen.stack.content["config"] == config


def test_another_clusters_containers_are_no_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    there = "cut2-control-plane\ncut2-registry\ncut-other\ncut2\nmy-cut\n"
    monkeypatch.setattr(traces, "run", lambda _command: there)
    assert not list(traces.of_a_kind_cluster("cut"))
    monkeypatch.setattr(
        traces, "run", lambda command: "cut\n" if "network" in command else "cut-registry\ncut-worker2\n"
    )
    assert list(traces.of_a_kind_cluster("cut")) == [
        "the container cut-registry",
        "the container cut-worker2",
        "the network cut",
    ]
