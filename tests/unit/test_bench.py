"""The benchmarks' frame: figures that are compared, and the page that they become."""

import inspect
import json
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from components.clients.process import run as command
from components.errors import SlipwayError
from tests.unit.http_server import served_by
from tools.bench.frame import found, in_pod, page
from tools.bench.frame.fleet import Fleet
from tools.bench.frame.found import Benchmark, chosen, named, names
from tools.bench.frame.measure import Asked, measure, measured
from tools.bench.frame.row import Row, ratio
from tools.bench.frame.run import Run, timed
from tools.cli import commands


def row(way: str, *values: float, what: str = "up", size: int | None = None) -> Row:
    return Row(what=what, way=way, values=values, size=size)


def result(*rows: Row) -> page.Result:
    return page.Result(name="engine", title="The engine", text="How.", machine={"date": "today"}, rows=rows)


def test_ways_that_took_turns_are_compared_pair_by_pair() -> None:
    # The machine was three times slower in the second round: of both ways.
    assert ratio(row("ours", 2, 6), row("theirs", 1, 3)) == 2


def test_ways_that_were_not_measured_together_are_compared_by_their_medians() -> None:
    assert ratio(row("ours", 2, 4, 6), row("theirs", 8)) == 0.5


def test_nothing_is_compared_with_what_took_no_time() -> None:
    assert ratio(row("ours", 2), row("theirs", 0)) is None


def test_a_table_has_median_spread_and_the_first_ways_ratio() -> None:
    lines = page.table({None: [row("Slipway", 2, 3, 10), row("kubectl", 1, 1.5, 5)]}).splitlines()
    assert lines[0] == "|  | median | least to most | Slipway is | runs |"
    assert lines[2:] == ["| Slipway | 3 s | 2 to 10 |  | 3 |", "| kubectl | 1.5 s | 1 to 5 | 2.00x | 3 |"]


def test_a_table_over_sizes_says_the_size() -> None:
    lines = page.table({1: [row("Slipway", 2, size=1)], 1000: [row("Slipway", 90, size=1000)]}).splitlines()
    assert lines[0].startswith("| models |")
    assert lines[3].startswith("| 1,000 | Slipway | 90 s |")


def test_a_page_has_a_table_and_a_picture_for_each_thing_and_the_values_beside_it(tmp_path: Path) -> None:
    rows = [row("Slipway", 2, size=1), row("Slipway", 9, size=10), row("kubectl", 1, what="preview, new")]
    written = page.write(tmp_path, result(*rows)).read_text()
    for what in ("up", "preview, new"):
        assert f"## {what}\n" in written
        assert (tmp_path / page.picture("engine", what)).read_text().rstrip().endswith("</svg>")
        assert f"({page.picture('engine', what)})" in written
    assert '"date": "today"' in (tmp_path / "engine.json").read_text()
    assert "make bench WHAT=engine" in written


def test_the_same_figures_give_the_same_picture(tmp_path: Path) -> None:
    for name in ("one", "two"):
        page.write(tmp_path / name, result(row("Slipway", 2), row("kubectl", 1)))
    assert (tmp_path / "one" / "engine-up.svg").read_bytes() == (tmp_path / "two" / "engine-up.svg").read_bytes()


def test_ways_take_turns(tmp_path: Path) -> None:
    order: list[str] = []
    run = Run(quick=False, repeats=2, scratch=tmp_path, say=print)
    ways = {"ours": lambda: order.append("ours"), "theirs": lambda: order.append("theirs")}
    rows = list(run.compared("up", ways))
    assert order == ["ours", "theirs"] * 2
    assert [len(each.values) for each in rows] == [2, 2]


def test_plain_pulumi_is_given_the_settings_that_slipway_gives_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[list[str]] = []

    def run(words: list[str], **_: Any) -> str:
        said.append(words)
        return ""

    monkeypatch.setattr("tools.bench.frame.pulumi.run", run)
    project = Fleet(tmp_path).project
    for verb in (project.preview, project.up, project.refresh, project.destroy):
        verb()
    assert [words[1] for words in said] == ["preview", "up", "refresh", "destroy"]
    used = str(tmp_path / ".slipway" / "local" / "Pulumi.local.yaml")
    assert all(words[words.index("--config-file") + 1] == used for words in said)


def test_the_processors_time_is_the_commands_and_not_the_time_that_it_waited() -> None:
    burn = "import time; end = time.process_time() + 0.2\nwhile time.process_time() < end: pass"
    found = timed(lambda: command([sys.executable, "-c", f"{burn}\ntime.sleep(0.3)"]))
    assert found.cpu >= 0.2
    assert found.seconds >= 0.5


def fake(**changes: object) -> Benchmark:
    def rows(run: Run) -> Iterator[Row]:
        assert run.scratch.is_dir()
        yield row("ours", *[1.0] * run.repeats)

    whole: Any = {
        "name": "fake",
        "title": "Fake",
        "text": "",
        "needs_stack": False,
        "only_by_name": False,
        "rows": rows,
        **changes,
    }
    return Benchmark(**whole)


def test_a_quick_run_measures_once_and_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    measure([fake()], tmp_path, Asked(quick=True, repeats=7))
    assert list(tmp_path.iterdir()) == []
    assert "| ours | 1 s | 1 to 1 | 1 |" in capsys.readouterr().out


def test_a_result_says_where_when_and_under_which_load_it_was_measured() -> None:
    machine = measured(fake(), Asked()).machine
    assert {"date", "commit", "processors", "memory", "system", "Pulumi", "load"} == set(machine)
    assert all(machine.values())


def test_an_unknown_benchmark_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(SlipwayError, match=r"there is no benchmark hpa; there are .*engine"):
        chosen(["hpa"], None)


def test_without_a_stack_only_what_needs_none_is_measured() -> None:
    assert {each.needs_stack for each in chosen([], None)} == {False}
    assert [each.name for each in chosen([], "dev")] == [name for name in names() if not named(name).only_by_name]


def test_what_destroys_is_measured_only_by_its_name() -> None:
    assert "path" not in [each.name for each in chosen([], "dev")]
    assert [each.name for each in chosen(["path"], "dev")] == ["path"]


def test_what_begins_with_nothing_refuses_a_stack_that_is_there(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tools.engine.state.made", lambda *_: True)
    monkeypatch.setattr("tools.engine.state.resources", lambda *_: [{"urn": "a"}])
    run = Run(quick=False, repeats=1, scratch=tmp_path, say=print, stack="dev")
    with pytest.raises(SlipwayError, match=r"dev is there, .* make destroy STACK=dev"):
        next(named("path").rows(run))


def test_what_needs_a_stack_says_so(tmp_path: Path) -> None:
    with pytest.raises(SlipwayError, match="name one: STACK=dev"):
        Run(quick=True, repeats=1, scratch=tmp_path, say=print).needed_stack()


@pytest.mark.parametrize("name", names())
def test_every_benchmark_says_what_it_measures_and_how(name: str) -> None:
    benchmark = named(name)
    assert benchmark.title[0].isupper()
    assert len(benchmark.text) > 100
    assert list(inspect.signature(benchmark.rows).parameters) == ["run"]


def test_every_page_of_results_is_a_benchmarks_and_stands_in_the_sites_list() -> None:
    pages = {path.stem for path in page.FOLDER.glob("*.md")} - {"index"}
    assert pages <= set(names())
    [listed] = [
        each["Benchmarks"] for each in yaml.safe_load(Path("mkdocs.yml").read_text())["nav"] if "Benchmarks" in each
    ]
    shown = {Path(target).stem for entry in listed if isinstance(entry, dict) for target in entry.values()}
    assert pages <= shown


def test_the_benchmarks_are_the_files_of_their_folder() -> None:
    assert {path.stem for path in found.FOLDER.glob("*.py")} - {"__init__"} == set(names())
    assert commands.get_command(click.Context(commands), "bench")


class Server(BaseHTTPRequestHandler):
    """Answers at one path, for whoever has the key."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        asked = (self.path, self.headers["Host"], self.headers["Authorization"])
        self.send_response(200 if asked == ("/right", "model.test", "Bearer k") else 403)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def test_load_from_within_a_pod_counts_answers_and_names_failures() -> None:
    script = Path(in_pod.__file__).read_text()

    def ask(url: str, host: str = "model.test") -> dict[str, list[object]]:
        told = {"url": url, "host": host, "key": "k", "ca": "", "body": {}, "clients": 2, "seconds": 0.3}
        found: dict[str, list[object]] = json.loads(command([sys.executable, "-c", script], stdin=json.dumps(told)))
        return found

    with served_by(Server) as address:
        right, wrong = ask(f"http://{address}/right"), ask(f"http://{address}/wrong")
    assert right["latencies"]
    assert not right["failed"]
    assert not wrong["latencies"]
    assert set(wrong["failed"]) == {"403"}
