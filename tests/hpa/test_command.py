"""`python -m hpa` from its arguments to its output."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from hpa import __main__ as command
from hpa.arguments import parser
from hpa.problem import HpaError

SPEC = {
    "maxReplicas": 20,
    "metrics": [
        {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 60}}}
    ],
    "behavior": {"scaleDown": {"stabilizationWindowSeconds": 60}},
}


def hpa(name: str = "wine", **fields: Any) -> dict[str, Any]:
    kind = {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler"}
    return {**kind, "metadata": {"name": name}, "spec": {**SPEC, **fields}}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "hpa.yaml"
    path.write_text(yaml.safe_dump(hpa()))
    return path


def run(*arguments: object) -> str:
    return command.run(parser().parse_args([str(argument) for argument in arguments]))


def test_the_table_shows_the_replicas_following_a_step(file: Path) -> None:
    text = run(file, "--load", "step", "--low", 5, "--high", 60)
    assert text.splitlines()[0].split() == [
        "time",
        "load",
        "replicas",
        "ready",
        "cpu",
        "%",
        "unmet",
        "pod-hours",
        "why",
    ]
    assert "pod-hours  served %  unmet  most replicas  changes" in text


def test_json_has_a_row_for_each_sync(file: Path) -> None:
    rows = [json.loads(line) for line in run(file, "--load", "step", "--low", 5, "--high", 60, "--json").splitlines()]
    assert len(rows) == 240
    assert {"time", "load", "replicas", "ready", "utilization", "unmet", "pod_hours"} <= rows[0].keys()
    assert rows[0]["replicas"] == 1
    assert max(row["replicas"] for row in rows) in (10, 11)
    assert rows[-1]["replicas"] == 1


def test_pods_are_ready_only_after_their_start_up(file: Path) -> None:
    slow = ("--load", "step", "--low", 5, "--high", 400, "--startup", 120, "--json")
    rows = [json.loads(line) for line in run(file, *slow).splitlines()]
    grown = next(row for row in rows if row["replicas"] > 1)
    ready = next(row for row in rows if row["ready"] > 1)
    assert ready["time"] - grown["time"] == 120
    assert sum(row["unmet"] for row in rows) > 0


def test_a_change_of_settings_is_shown_beside_the_original(file: Path) -> None:
    text = run(file, "--load", "spike", "--set", "max=3", "--set", "target=80")
    assert "replicas A" in text
    assert "B: wine with max=3 target=80" in text


def test_another_file_can_be_compared_with(file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text(yaml.safe_dump(hpa("other", minReplicas=4)))
    assert "B: other" in run(file, "--against", other)


def test_the_picture_is_written(file: Path, tmp_path: Path) -> None:
    run(file, "--png", tmp_path / "out.png", "--set", "max=3")
    assert (tmp_path / "out.png").read_bytes().startswith(b"\x89PNG")


def test_what_is_suggested_serves_what_was_asked_for(file: Path) -> None:
    load = ("--load", "sine", "--low", 20, "--high", 800)
    found = json.loads(run(file, *load, "--suggest", 99.9, "--json"))
    assert found["level"] >= 99.9
    changes = [f"--set={key}={found[key]}" for key in ("min", "max", "target")]
    rows = [json.loads(line) for line in run(file, *load, *changes, "--json", "--replicas", found["min"]).splitlines()]
    suggested = [row for row in rows if row["model"] != "wine"]
    assert 100 * sum(row["served"] for row in suggested) / sum(row["load"] for row in suggested) >= 99.9
    assert suggested[-1]["pod_hours"] == pytest.approx(found["pod_hours"])


def test_several_autoscalers_are_shown_in_short_and_in_json_as_each_alone(file: Path) -> None:
    file.write_text(yaml.safe_dump_all([hpa("one"), hpa("two", minReplicas=3)]))
    assert [line.split()[0] for line in run(file).splitlines()] == ["model", "one", "two"]
    both = [json.loads(line) for line in run(file, "--json").splitlines()]
    alone = [json.loads(line) for line in run(file, "--json", "--model", "two").splitlines()]
    known = both[0].keys()
    assert [row for row in both if row["model"] == "two"] == [{key: row[key] for key in known} for row in alone]


def test_a_stack_files_models_are_read_with_their_requests_and_limits() -> None:
    assert "mlflow-wine-classifier" in run("Pulumi.prod.yaml", "--load", "ramp")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--load", "square"], "--load: square: write a shape (step, ramp, sine, spike)"),
        (["--set", "max"], "--set max: write KEY=VALUE"),
        (["--set", "max=0"], "maxReplicas: 0: write a whole number of at least 1"),
        (["--model", "beer"], "--model beer: the file has wine"),
        (["--suggest", "101"], "--suggest 101: write a percentage"),
        (["--cost", "0"], "--cost must be more than zero"),
        (["--cost", "ten"], "--cost: ten: not a Kubernetes quantity"),
        (["--startup", "-1"], "--startup -1: write at least 0"),
        (["--sync-period", "0"], "--sync-period 0: write more than zero"),
        (["--load", "nothing.csv"], "nothing.csv: No such file or directory"),
    ],
)
def test_what_is_wrong_is_said(file: Path, arguments: list[str], said: str) -> None:
    with pytest.raises(HpaError) as caught:
        run(file, *arguments)
    assert said in str(caught.value)


def test_a_file_without_autoscalers_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "empty.yaml"
    path.write_text("kind: Deployment\n")
    with pytest.raises(HpaError, match="no model with `autoscaling` in it, and no HorizontalPodAutoscaler"):
        run(path)
