"""At a terminal a run shows what it waits for, what took its time and what failed; elsewhere Pulumi's own log."""

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from tools.doctor import last_up
from tools.engine import display
from tools.engine.display import Display

KSERVE = "urn:pulumi:dev::slipway::slipway:platform:Kserve$kubernetes:helm.sh/v3:Release::kserve"
SECRET = "urn:pulumi:dev::slipway::kubernetes:core/v1:Secret::key"


def step(name: str, urn: str, operation: str = "create") -> dict[str, Any]:
    return {name: {"metadata": {"urn": urn, "op": operation}}}


def diagnostic(severity: str, message: str, urn: str = "") -> dict[str, Any]:
    return {"diagnosticEvent": {"severity": severity, "message": message, "urn": urn}}


def add(log: Path, *events: dict[str, Any]) -> None:
    with log.open("a") as file:
        file.writelines(f"{json.dumps(event)}\n" for event in events)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "events.json"


def test_what_is_waited_for_is_shown_with_its_seconds_and_what_took_long_is_told(log: Path) -> None:
    shown = Display(log, began=0)
    assert list(shown.news(1)) == []
    assert shown.line(1) == "   1 s  0 done; planning"
    add(
        log,
        step("resourcePreEvent", KSERVE),
        step("resourcePreEvent", SECRET),
        step("resourcePreEvent", "x::y", "same"),
    )
    assert list(shown.news(2)) == []
    add(log, step("resOutputsEvent", SECRET))
    assert list(shown.news(4)) == []
    assert shown.line(12) == "  12 s  1 done; waiting for Release kserve (10 s)"
    add(log, step("resOutputsEvent", KSERVE))
    assert list(shown.news(37)) == ["  made      Release kserve in 35 s"]
    assert shown.done == 2


def test_a_component_is_not_waited_for_but_its_parts_are(log: Path) -> None:
    part = {"urn": "urn:pulumi:dev::slipway::slipway:platform:Kserve::kserve", "op": "create", "new": {"type": "x"}}
    add(log, {"resourcePreEvent": {"metadata": part}}, step("resourcePreEvent", KSERVE))
    shown = Display(log, began=0)
    assert list(shown.news(0)) == []
    assert shown.line(1) == "   1 s  0 done; waiting for Release kserve (1 s)"
    add(log, step("resOutputsEvent", KSERVE), {"resOutputsEvent": {"metadata": part}})
    assert list(shown.news(2)) == []
    assert shown.line(2) == "   2 s  1 done; ending"


def test_a_line_that_is_being_written_is_read_when_it_is_whole(log: Path) -> None:
    shown = Display(log, began=0)
    whole = json.dumps(step("resourcePreEvent", KSERVE))
    log.write_text(whole[:20])
    assert list(shown.news(1)) == []
    log.write_text(f"{whole}\n")
    assert list(shown.news(1)) == []
    assert list(shown.running) == [KSERVE]


def test_failures_and_warnings_are_told_without_colours_and_without_what_nobody_can_change(log: Path) -> None:
    add(
        log,
        step("resourcePreEvent", KSERVE),
        diagnostic("error", "<{%fg 1%}>no such chart<{%reset%}>\n", KSERVE),
        diagnostic("warning", "using pulumi-resource-kubernetes from $PATH at /x"),
        diagnostic("info", "pulling"),
        {"diagnosticEvent": {"severity": "warning", "message": "not enough replicas yet", "ephemeral": True}},
        {"resOpFailedEvent": {"metadata": {"urn": KSERVE, "op": "create"}}},
    )
    assert list(Display(log, began=0).news(5)) == [
        "error: Release kserve: no such chart",
        "  failed    Release kserve after 0 s",
    ]


def fake_pulumi(folder: Path, code: int) -> dict[str, str]:
    program = folder / "pulumi"
    program.write_text(
        f"#!{sys.executable}\nimport sys\nprint('warning: using pulumi-resource-kubernetes from $PATH at /x')\n"
        f"print('made it')\nopen(sys.argv[-1], 'w').write('{{}}\\n')\nsys.exit({code})\n"
    )
    program.chmod(0o755)
    return {**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}


def test_without_a_terminal_it_is_pulumis_log_without_what_nobody_can_change(
    log: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", fake_pulumi(log.parent, 4)["PATH"])
    assert display.watched(["up"], dict(os.environ), log) == 4
    assert capfd.readouterr().out == "made it\n"


def test_at_a_terminal_pulumis_log_is_a_file_that_a_failure_names(
    log: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", fake_pulumi(log.parent, 4)["PATH"])
    monkeypatch.setattr(display, "interactive", lambda: True)
    assert display.watched(["up"], dict(os.environ), log) == 4
    said = capfd.readouterr()
    assert "made it" not in said.out
    assert "0 resources changed in" in said.out
    assert said.err == f"Pulumi's whole log: {log.with_name('pulumi.log')}\n"
    assert "made it" in log.with_name("pulumi.log").read_text()


def test_an_event_log_that_somebody_asked_for_is_theirs(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", fake_pulumi(log.parent, 0)["PATH"])
    theirs = log.with_name("theirs.json")
    assert display.watched(["up", "--event-log", str(theirs)], dict(os.environ), log) == 0
    assert theirs.exists()
    assert not log.exists()


def test_the_doctor_is_told_why_the_last_up_failed(log: Path) -> None:
    assert list(last_up.reasons(log)) == []
    add(log, diagnostic("error", "<{%fg 1%}>no such\n  chart<{%reset%}>\n", KSERVE), {"summaryEvent": {}})
    assert [each.text for each in last_up.reasons(log)] == ["no such chart"]
    log.write_text("")
    assert [each.text for each in last_up.reasons(log)] == ["it was ended before it was through"]
