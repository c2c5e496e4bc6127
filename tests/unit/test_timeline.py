"""The timeline of a run: what an event log and the state say together."""

import json
from pathlib import Path
from typing import Any

import pytest

from components.errors import SlipwayError
from tools.timeline.picture import svg
from tools.timeline.spans import Span, critical_path, read, waited_for


def urn(name: str, kind: str = "kubernetes:helm.sh/v3:Release") -> str:
    return f"urn:pulumi:dev::slipway::slipway:platform:Platform${kind}::{name}"


def event(at: int, name: str, about: str, operation: str = "create") -> dict[str, Any]:
    return {"timestamp": 1000 + at, name: {"metadata": {"urn": urn(about), "op": operation}}}


@pytest.fixture
def log(tmp_path: Path) -> Path:
    events = [
        {"timestamp": 1000, "preludeEvent": {}},
        event(1, "resourcePreEvent", "cluster"),
        event(2, "resourcePreEvent", "unchanged", "same"),
        event(2, "resOutputsEvent", "unchanged", "same"),
        event(14, "resOutputsEvent", "cluster"),
        event(14, "resourcePreEvent", "istiod"),
        event(14, "resourcePreEvent", "minio"),
        event(20, "resOutputsEvent", "minio"),
        event(30, "resOutputsEvent", "istiod"),
        event(30, "resourcePreEvent", "gateway"),
        event(41, "resOpFailedEvent", "gateway"),
    ]
    file = tmp_path / "events.json"
    file.write_text("\n".join(map(json.dumps, events)))
    return file


STATE: list[dict[str, Any]] = [
    {"urn": urn("cluster")},
    {"urn": urn("istiod"), "provider": f"{urn('cluster')}::a-provider's-id"},
    {"urn": urn("minio"), "dependencies": [urn("cluster")]},
    {"urn": urn("gateway"), "dependencies": [urn("cluster")], "propertyDependencies": {"values": [urn("istiod")]}},
]


def test_a_span_is_from_the_beginning_to_the_end_of_the_work_on_a_resource(log: Path) -> None:
    spans = {span.name: (span.start, span.end, span.kind) for span in read(log, STATE)}
    assert spans == {
        "cluster": (1, 14, "Release"),
        "istiod": (14, 30, "Release"),
        "minio": (14, 20, "Release"),
        "gateway": (30, 41, "Release"),
    }


def test_the_critical_path_goes_by_what_each_waited_for_last(log: Path) -> None:
    assert [span.name for span in critical_path(read(log, STATE))] == ["cluster", "istiod", "gateway"]


def test_what_was_there_before_the_run_was_not_waited_for(log: Path) -> None:
    spans = {span.urn: span for span in read(log, STATE)}
    assert waited_for(spans[urn("cluster")], spans) is None


def test_a_run_without_work_has_no_path() -> None:
    assert critical_path([]) == []
    assert "<svg" in svg([], "nothing")


def test_the_picture_names_every_resource_that_took_time_and_marks_the_critical_path(log: Path) -> None:
    picture = svg(read(log, STATE), "dev <1>")
    assert "dev &lt;1&gt;" in picture
    assert picture.count('class="c"') == 3
    assert picture.count('class="b"') == 1
    assert "11 s, after istiod" in picture


def test_two_that_depend_on_each_other_end_the_path() -> None:
    one = Span(urn=urn("a"), operation="create", start=0, end=5, dependencies=frozenset({urn("b")}))
    other = Span(urn=urn("b"), operation="create", start=0, end=5, dependencies=frozenset({urn("a")}))
    assert len(critical_path([one, other])) == 2


def test_what_is_deleted_at_the_end_waited_for_the_last_that_was_made() -> None:
    made = [
        Span(urn=urn("files"), operation="create-replacement", start=1, end=5),
        Span(urn=urn("gate"), operation="update", start=5, end=30, dependencies=frozenset({urn("files")})),
    ]
    gone = [Span(urn=urn(name), operation="delete-replaced", start=30, end=31) for name in ("files", "script")]
    assert [(each.name, each.operation) for each in critical_path([*made, *gone])][:2] == [
        ("files", "create-replacement"),
        ("gate", "update"),
    ]


def test_without_a_log_it_says_what_writes_one(tmp_path: Path) -> None:
    with pytest.raises(SlipwayError, match="`up` writes it"):
        read(tmp_path / "events.json", [])
