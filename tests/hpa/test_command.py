"""`python -m hpa` from its arguments to its output."""

import json
import subprocess
import sys
import time
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
MEMORY = {
    "type": "Resource",
    "resource": {"name": "memory", "target": {"type": "AverageValue", "averageValue": "200Mi"}},
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


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--duration", "nan"], "--duration nan: write at least 0"),
        (["--duration", "inf"], "--duration inf: write at most"),
        (["--duration", "1e8"], "write at most 250000 sync periods"),
        (["--high", "inf"], "--high inf: write at most"),
        (["--high", "nan"], "--high nan: write at least 0"),
        (["--high", "1e300"], "--high 1e+300: write at most"),
        (["--sync-period", "nan"], "--sync-period nan: write more than zero"),
        (["--lag", "1e300"], "--lag 1e+300: write at most"),
        (["--suggest", "nan"], "--suggest nan: write a percentage"),
        (["--replicas", "-1"], "-1 replicas to begin with: write from 0 to 5000"),
        (["--replicas", "1000000000"], "1000000000 replicas to begin with"),
        (["--foreign", "-1"], "--foreign -1: write from 0"),
        (["--request", "0"], "its cpu target needs a cpu request"),
        (["--request=-5"], "--request -5: write at least 0"),
        (["--memory", "9Ei"], "--memory 9Ei: write less than 1Pi"),
        (["--set", "metrics.7.x=1"], "--set metrics.7.x=1: 7: write the place of one of 1, from 0 on"),
        (["--set", "metrics.-1.x=1"], "--set metrics.-1.x=1: -1: write the place of one of 1"),
        (["--set", "maxReplicas.x=1"], "--set maxReplicas.x=1: x: what holds it is not a mapping or a list"),
        (["--set", "max=["], "--set max=[: [ is not YAML"),
        (["--set", "metrics=5", "--set", "target=5"], "spec.metrics: 5: write a list"),
        (["--set", "a..b=1"], "write KEY=VALUE"),
        (["--set", "min=0"], "minReplicas: 0"),
        (["--png", "a.txt"], "--png a.txt: write a file name that ends in .png"),
        (["--png", "nowhere/a.png"], "--png nowhere/a.png: No such file"),
        (["--html", "nowhere/a.html"], "--html nowhere/a.html: No such file"),
        (["--explain", "noon"], "--explain noon: write seconds, or a time"),
        (["--explain", "nan"], "--explain nan: write seconds, or a time"),
        (["--crash", "600"], "--crash 600: write TIME:PODS"),
        (["--no-metrics", "900-600"], "write an end that is later"),
        (["--sidecar", "proxy"], "--sidecar proxy: write NAME=CPU:USE"),
        (["--crash", "60:1", "--suggest", "99"], "--suggest looks at the load alone"),
    ],
)
def test_numbers_and_names_that_nothing_can_be_done_with_are_refused(
    file: Path, arguments: list[str], said: str
) -> None:
    with pytest.raises(HpaError) as caught:
        run(file, *arguments)
    assert said in str(caught.value)


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"a: [", b"- {x: 2021-99-99}", b"[" * 3000])
def test_a_file_that_is_no_text_or_no_yaml_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "odd.yaml"
    path.write_bytes(content)
    with pytest.raises(HpaError, match=r"not UTF-8|not YAML"):
        run(path)


def test_who_reads_only_the_first_lines_sees_no_error(file: Path) -> None:
    command_line = f"{sys.executable} -m hpa {file} --duration 86400 --json | head -n 1"
    ran = subprocess.run(["bash", "-c", command_line], capture_output=True, text=True)
    assert json.loads(ran.stdout)["time"] == 0
    assert ran.stderr == ""


def test_every_sync_says_what_each_metric_was_and_why_it_came_to_what_it_did(file: Path) -> None:
    rows = [json.loads(line) for line in run(file, "--load", "step", "--low", 5, "--high", 60, "--json").splitlines()]
    assert all(row["why"].endswith(f"{row['replicas']}.") for row in rows)
    first = rows[0]["metrics"][0]
    assert (first["name"], first["unit"], first["target"], first["value"]) == ("cpu", "%", 60, 55)
    up = next(row for row in rows if row["replicas"] > 1)
    assert up["why"] == "cpu 605 %, target 60, ratio 10.08: 10.08 x 1 pod, rounded up, is 11; " + (
        "the policies (4 pods in 15 s or 100 % in 15 s) end at 5: up from 1 to 5."
    )


def test_one_sync_is_explained_in_full(file: Path) -> None:
    text = run(file, "--load", "step", "--low", 5, "--high", 60, "--explain", "0:15:45")
    assert text.splitlines() == [
        "0:15:45  load 60, 5 replicas asked for",
        "  cpu 605 %, target 60, ratio 10.08, with 4 without metrics as idle 2.02: 2.02 x 5 pods, rounded up, is 11",
        "    pods: 1 count, 4 without metrics",
        "  the policies (4 pods in 15 s or 100 % in 15 s) end at 10",
        "  min 1, max 20",
        "  up from 5 to 10 (ScaleUpLimit)",
    ]


def test_the_table_names_the_metric(file: Path) -> None:
    file.write_text(yaml.safe_dump(hpa(metrics=[MEMORY])))
    head = run(file, "--memory", "300Mi").splitlines()[0]
    assert "memory MiB" in head
    assert "cpu" not in head


def test_an_autoscaler_that_can_decide_nothing_says_so_at_the_end(file: Path) -> None:
    text = run(file, "--no-metrics", "0-3600")
    assert "wine could decide nothing at 240 of 240 syncs. First: cpu: no value of cpu from the metrics API" in text


def test_two_autoscalers_of_one_target_are_told_of_and_forecast_as_stopped(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = {"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "wine"}}
    file.write_text(yaml.safe_dump_all([hpa("one", **target), hpa("two", **target)]))
    assert "AmbiguousSelector" in run(file, "--model", "one", "--explain", "0")
    assert "2 autoscalers have this target, so Kubernetes stops them all" in capsys.readouterr().err


def test_the_page_is_of_one_file_and_has_a_sentence_for_each_sync(file: Path, tmp_path: Path) -> None:
    file.write_text(yaml.safe_dump(hpa("wine")))
    run(file, "--html", tmp_path / "out.html", "--set", "max=3")
    text = (tmp_path / "out.html").read_text()
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "")
    data = json.loads(text.split('type="application/json">')[1].split("</script>")[0])
    assert [len(run["why"]) for run in data["runs"]] == [240, 240]
    assert data["panels"][1]["name"] == "replicas"
    assert [level["at"] for level in data["panels"][2]["levels"]] == [60, 60]


def test_a_day_of_a_hundred_models_as_json_takes_seconds(file: Path) -> None:
    file.write_text(yaml.safe_dump_all([hpa(f"model-{number}", maxReplicas=5 + number) for number in range(100)]))
    began = time.process_time()
    rows = sum(1 for _ in command.output(parser().parse_args([str(file), "--duration", "86400", "--json"])))
    assert rows == 576_000
    # A machine that has much else to do takes twice as long as one that is idle.
    assert time.process_time() - began < 10


def test_what_is_given_of_the_pods_reaches_the_forecast(file: Path) -> None:
    calm = ("--load", "step", "--low", 1, "--high", 1, "--json")
    busy = ("--foreign", 3, "--foreign-cpu", "200m")
    assert json.loads(run(file, *calm).splitlines()[-1])["replicas"] == 1
    assert json.loads(run(file, *calm, *busy).splitlines()[-1])["replicas"] > 9
    assert json.loads(run(file, *calm, "--sidecar", "proxy=100m:300m").splitlines()[-1])["replicas"] == 20
