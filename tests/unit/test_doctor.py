"""Every check of the doctor finds what is wrong, is content with what is right, and says what to do."""

import json
import socket
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from components.clients.process import CommandFailed
from components.settings.support import Line
from tests.unit.http_server import served_by
from tests.unit.registry_server import Registry, registry_server
from tools.doctor import cluster, machine, programs, published, report
from tools.doctor.machine import GIB, Machine
from tools.doctor.result import Result, fault, note, ok
from tools.doctor.support import support
from tools.images.inventory import ON_DEMAND, Image
from tools.render.release import Release
from tools.upgrades.versions import Version

GOOD = {
    "ServerVersion": "27.1.0",
    "MemTotal": 16 * GIB,
    "NCPU": 8,
    "Driver": "overlay2",
    "DriverStatus": [["Backing Filesystem", "extfs"]],
    "CgroupVersion": "2",
    "SecurityOptions": ["name=seccomp,profile=builtin"],
}


def states(found: Iterator[Result] | Sequence[Result]) -> list[str]:
    results = list(found)
    assert [each for each in results if each.state != "ok" and not each.remedy] == []
    return [each.state for each in results]


def state(found: Result) -> str:
    return states([found])[0]


# --- the machine ---


@pytest.mark.parametrize(
    ("memory", "cpus", "wanted"),
    [(16, 8, ["ok", "ok"]), (6, 3, ["note", "note"]), (3, 1, ["fault", "fault"]), (0, 0, ["fault", "fault"])],
)
def test_the_engines_share_of_the_machine_is_what_counts(memory: int, cpus: int, wanted: list[str]) -> None:
    assert states(machine.cpus_and_memory({"MemTotal": memory * GIB, "NCPU": cpus})) == wanted


def test_a_full_disk_is_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for free, wanted in ((100, "ok"), (20, "note"), (3, "fault")):
        monkeypatch.setattr("shutil.disk_usage", lambda _path, free=free: type("U", (), {"free": free * GIB}))
        assert state(machine.disk_of_engine({"DockerRootDir": str(tmp_path)}, Machine())) == wanted
    assert state(machine.disk_of_tools(tmp_path / "not" / "there")) == "ok"


def test_a_disk_inside_docker_desktop_is_not_judged_from_outside() -> None:
    engine = {"DockerRootDir": "/not/here", "OperatingSystem": "Docker Desktop"}
    assert state(machine.disk_of_engine(engine, Machine())) == "note"


def kernel(folder: Path, **limits: int) -> Machine:
    (folder / "sys/fs/inotify").mkdir(parents=True)
    for name, value in limits.items():
        (folder / "sys/fs/inotify" / name).write_text(f"{value}\n")
    return Machine(proc=folder, cgroup=folder)


def test_low_inotify_limits_are_said_with_the_line_that_raises_them(tmp_path: Path) -> None:
    low = list(machine.inotify(kernel(tmp_path, max_user_watches=8192, max_user_instances=512)))
    assert states(low) == ["note", "ok"]
    assert low[0].remedy == "sudo sysctl fs.inotify.max_user_watches=524288"


def test_a_machine_that_has_no_such_limits_is_not_judged_by_them(tmp_path: Path) -> None:
    assert list(machine.inotify(Machine(proc=tmp_path))) == []


@pytest.mark.parametrize(
    ("engine", "kubernetes", "wanted"),
    [
        ({"CgroupVersion": "2"}, (1, 36), "ok"),
        ({"CgroupVersion": "1"}, (1, 34), "note"),
        ({"CgroupVersion": "1"}, (1, 35), "fault"),
        ({"CgroupVersion": "1"}, (2, 0), "fault"),
        ({}, (1, 35), "fault"),
    ],
)
def test_the_first_version_of_cgroups_stops_newer_kubelets(
    tmp_path: Path, engine: dict[str, str], kubernetes: tuple[int, int], wanted: str
) -> None:
    assert state(machine.cgroup(Machine(cgroup=tmp_path), engine, kubernetes)) == wanted


def test_without_the_engines_word_the_kernel_tells_its_cgroups(tmp_path: Path) -> None:
    (tmp_path / "cgroup.controllers").touch()
    assert state(machine.cgroup(Machine(cgroup=tmp_path), {}, (1, 36))) == "ok"


def test_the_containerd_image_store_is_told_with_its_error() -> None:
    assert state(machine.image_store(GOOD)) == "ok"
    trap = machine.image_store({**GOOD, "DriverStatus": [["driver-type", "io.containerd.snapshotter.v1"]]})
    assert (trap.state, "content digest" in trap.text) == ("note", True)
    assert state(machine.image_store({})) == "ok"


def test_a_rootless_engine_needs_cgroup_v2() -> None:
    rootless = {**GOOD, "SecurityOptions": ["name=rootless"]}
    assert states(machine.rootless(GOOD)) == []
    assert states(machine.rootless(rootless)) == ["note"]
    assert states(machine.rootless({**rootless, "CgroupVersion": "1"})) == ["fault"]


@pytest.mark.parametrize(
    ("host", "wanted"),
    [
        ("unix:///var/run/docker.sock", []),
        ("npipe:////./pipe/docker_engine", []),
        ("tcp://127.0.0.1:2375", []),
        ("", []),
        ("ssh://me@elsewhere", ["fault"]),
        ("tcp://10.0.0.5:2376", ["fault"]),
    ],
)
def test_an_engine_elsewhere_maps_its_ports_there(host: str, wanted: list[str]) -> None:
    assert states(machine.remote(host, Machine(environment={}))) == wanted
    assert states(machine.remote("", Machine(environment={"DOCKER_HOST": host}))) == wanted


def test_a_port_is_free_taken_or_the_stacks_own() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        number = taken.getsockname()[1]
        busy = machine.port(number, "slipway:cluster.kind.httpPort", ours=False)
        assert (busy.state, "slipway:cluster.kind.httpPort" in busy.remedy) == ("fault", True)
        assert state(machine.port(number, "key", ours=True)) == "ok"
    assert state(machine.port(number, "key", ours=False)) == "ok"


def test_a_name_leads_here_elsewhere_or_nowhere() -> None:
    loopback = frozenset({"127.0.0.1", "::1"})
    assert state(machine.resolves("localhost", loopback, "do")) == "ok"
    assert state(machine.resolves("localhost", frozenset({"10.9.8.7"}), "do")) == "note"
    assert state(machine.resolves("localhost", None, "do")) == "ok"
    assert state(machine.resolves("no-such-host.invalid", None, "do")) == "note"


@pytest.mark.parametrize(
    ("environment", "wanted"),
    [
        ({}, []),
        ({"HTTPS_PROXY": ""}, []),
        ({"HTTPS_PROXY": "http://p:3128"}, ["fault"]),
        ({"http_proxy": "http://p:3128", "NO_PROXY": "localhost"}, ["fault"]),
        ({"http_proxy": "http://p:3128", "no_proxy": "localhost, 127.0.0.1"}, ["ok"]),
        ({"ALL_PROXY": "socks://p", "NO_PROXY": "*"}, ["ok"]),
    ],
)
def test_a_proxy_must_not_be_asked_for_this_machine(environment: dict[str, str], wanted: list[str]) -> None:
    assert states(machine.proxy(Machine(environment=environment))) == wanted


# --- programs ---


def saying(text: str) -> Callable[[Sequence[str]], str]:
    return lambda _command: text


def failing(message: str, output: str = "") -> Callable[[Sequence[str]], str]:
    def ask(_command: Sequence[str]) -> str:
        raise CommandFailed(message, output=output)

    return ask


@pytest.mark.parametrize(
    ("version", "wanted"), [((3, 10), "fault"), ((3, 11), "ok"), ((3, 12), "ok"), ((3, 13), "fault")]
)
def test_only_some_pythons_run_mlserver(version: tuple[int, int], wanted: str) -> None:
    assert state(programs.python(version)) == wanted


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("kind v0.33.0 go1.26 linux/amd64", "ok"),
        ("kind v0.30.0 go1.24 linux/amd64", "note"),
        ("kind v0.20.0 go1.20 linux/amd64", "fault"),
        ("kind (devel)", "note"),
    ],
)
def test_an_old_kind_is_told(said: str, wanted: str) -> None:
    assert state(programs.kind(saying(said))) == wanted


def test_a_program_that_is_missing_comes_with_where_to_get_it() -> None:
    assert "https://kind.sigs.k8s.io" in programs.kind(failing("kind is not on PATH")).remedy
    [missing] = programs.engine(failing("docker is not on PATH"))[1]
    assert (missing.state, "install Docker" in missing.remedy) == ("fault", True)


@pytest.mark.parametrize(
    ("said", "remedy"),
    [
        ("Cannot connect to the Docker daemon at unix:///var/run/docker.sock.", "start it"),
        ("permission denied while trying to connect to the Docker daemon socket", "usermod"),
    ],
)
def test_an_engine_that_does_not_answer_says_why(said: str, remedy: str) -> None:
    for ask in (failing("`docker info` exited with 1", said), saying(json.dumps({"ServerErrors": [said]}))):
        info, [found] = programs.engine(ask)
        assert (info, found.state) == ({}, "fault")
        assert remedy in found.remedy


@pytest.mark.parametrize(
    ("info", "wanted"),
    [
        (GOOD, ["ok"]),
        ({**GOOD, "ServerVersion": "19.3.0"}, ["fault"]),
        ({**GOOD, "ServerVersion": "dev"}, ["note"]),
        ({**GOOD, "Warnings": ["WARNING: bridge-nf-call-iptables is disabled"]}, ["ok", "note"]),
    ],
)
def test_the_engine_is_asked_of_itself(info: dict[str, Any], wanted: list[str]) -> None:
    assert states(programs.engine(saying(json.dumps(info)))[1]) == wanted


def test_an_engine_that_speaks_no_json_is_a_fault() -> None:
    assert states(programs.engine(saying("podman"))[1]) == ["fault"]


# --- support ---

LINES = [
    Line(part="istiod", line="1.28", until=date(2026, 7, 1), source="here"),
    Line(part="kubernetes", line="1.34", until=date(2026, 10, 27), source="here", stays="it must"),
    Line(part="cert-manager", line="1.21", until=None, ends="the release of 1.23", source="here"),
    Line(part="postgres", line="17", until=date(2029, 11, 8), source="here"),
]


@pytest.mark.parametrize(
    ("part", "version", "today", "wanted"),
    [
        ("istiod", Version(1, 28, 10), date(2026, 7, 2), "note"),
        ("istiod", Version(1, 28, 10), date(2026, 7, 1), "note"),
        ("istiod", Version(1, 28, 10), date(2026, 6, 1), "note"),
        ("istiod", Version(1, 28, 10), date(2026, 1, 1), "ok"),
        ("cert-manager", Version(1, 21), date(2030, 1, 1), "ok"),
        ("postgres", Version(17, 6), date(2026, 1, 1), "ok"),
        ("kubernetes", Version(1, 34, 4), date(2026, 11, 26), "note"),
    ],
)
def test_a_line_that_ended_or_ends_soon_is_said(part: str, version: Version, today: date, wanted: str) -> None:
    assert states(support({part: version}, today, LINES)) == [wanted]


def test_a_pin_that_stays_says_why() -> None:
    [found] = support({"kubernetes": Version(1, 34)}, date(2027, 1, 1), LINES)
    assert "ended on 2026-10-27" in found.text
    assert "it must" in found.remedy
    assert not report.fails(found, strict=True)
    [other] = support({"istiod": Version(1, 28)}, date(2027, 1, 1), LINES)
    assert report.fails(other, strict=True)
    assert not report.fails(other, strict=False)


def test_a_day_that_the_project_did_not_name_is_told_with_what_it_was_put_together_from() -> None:
    lines = [
        Line(part="istiod", line="1.29", until=date(2026, 10, 12), source="here", derived="six weeks after 1.31.0")
    ]
    [found] = support({"istiod": Version(1, 29)}, date(2026, 10, 1), lines)
    assert "ends on 2026-10-12, in 11 days (derived: six weeks after 1.31.0; here)" in found.text


def test_nothing_is_said_of_a_line_that_nobody_dated() -> None:
    assert states(support({"istiod": Version(1, 99), "mlflow": Version(3, 17)}, date(2026, 1, 1), LINES)) == []


def test_the_clusters_version_is_held_against_each_part() -> None:
    want = {"istiod": Version(1, 30, 4), "metrics-server": Version(3, 14)}
    assert states(cluster.matrix(Version(1, 34, 4), want)) == []
    old, newer = list(cluster.matrix(Version(1, 31), want)), list(cluster.matrix(Version(1, 37), want))
    assert states(old) == ["fault", "fault"]
    assert states(newer) == ["note"]
    assert "slipway:charts.istiod.version" in newer[0].remedy


# --- what is published ---


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    with registry_server() as server:
        yield server


def image(at: str) -> Image:
    return Image(name=at.partition("@")[0], at=at, digest=None, users=("Deployment mlflow",))


def test_an_image_that_is_there_for_this_machine_is_well(registry: Registry) -> None:
    registry.image("a", "1", "linux/amd64", "linux/arm64")
    for platform in ("linux/amd64", "linux/arm64", None):
        assert state(published.image(image(f"{registry.host}/a:1"), platform)) == "ok"
    assert "linux/riscv64" in published.image(image(f"{registry.host}/a:1"), "linux/riscv64").text


@pytest.mark.parametrize("status", [401, 403, 404, 429, 500, 503])
def test_an_image_that_cannot_be_had_is_a_fault_that_names_its_users(registry: Registry, status: int) -> None:
    registry.answer = {"/manifests/": status}
    found = published.image(image(f"{registry.host}/a:1"), None)
    assert state(found) == "fault"
    assert "Deployment mlflow" in found.remedy


@pytest.mark.parametrize(("users", "said"), [((), "note"), (("cert-manager",), "fault")])
def test_an_image_that_no_object_of_the_stack_pulls_fails_no_up(
    registry: Registry, users: tuple[str, ...], said: str
) -> None:
    at = f"{registry.host}/a:1"
    wanted = Image(name=at, at=at, digest=None, users=(*users, f"kserve-resources{ON_DEMAND}"))
    assert state(published.image(wanted, None)) == said


def test_a_locked_digest_is_what_is_looked_for(registry: Registry) -> None:
    locked = registry.image("a", "1", "linux/amd64")
    at = f"{registry.host}/a:1@{locked}"
    assert state(published.image(image(at), "linux/amd64")) == "ok"
    registry.image("a", "1", "linux/amd64", "linux/arm64")
    moved = published.image(image(at), "linux/amd64")
    assert (moved.state, "is locked" in moved.text) == ("note", True)
    del registry.manifests["a", "1"]
    assert state(published.image(image(at), "linux/amd64")) == "note"
    del registry.manifests["a", locked]
    gone = published.image(image(at), "linux/amd64")
    assert (gone.state, "the locked digest is gone" in gone.text) == ("fault", True)


def test_what_the_engine_has_is_not_asked_of_its_registry(registry: Registry) -> None:
    node = Image(name="node:1", at=f"{registry.host}/node:1", digest=None, users=("kind node",))
    both = Image(name="a:1", at=f"{registry.host}/a:1", digest=None, users=("kind node", "Deployment mlflow"))
    assert states(published.images([node, both], None, lambda _name: True)) == ["ok", "fault"]
    assert states(published.images([node], None, lambda _name: False)) == ["fault"]
    assert programs.has_image("node:1", saying("sha256:1"))
    assert not programs.has_image("node:1", failing("`docker image inspect` exited with 1"))


def release(version: str, repository: str | None, chart: str = "operator") -> Release:
    return Release(
        key="knative-operator", name="n", namespace="n", chart=chart, version=version, repository=repository, values={}
    )


INDEX = """
entries:
  operator:
    - {version: v1.21.4, urls: [operator-1.21.4.tgz], digest: abc}
    - {version: v1.22.0, urls: [gone.tgz]}
    - {version: 1.23.1+up2, urls: ["operator-1.21.4.tgz"]}
"""


@pytest.fixture
def repository() -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = {"/charts/index.yaml": INDEX, "/charts/operator-1.21.4.tgz": "x", "/page/index.yaml": "<html>"}
            found = content.get(self.path)
            self.send_response(200 if found else 404)
            self.send_header("Content-Length", str(len(found or "")))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write((found or "").encode())

        do_HEAD = do_GET

        def log_message(self, *_: Any) -> None:
            pass

    with served_by(Handler) as host:
        yield f"http://{host}/charts"


@pytest.mark.parametrize("version", ["v1.21.4", "1.21.4", "1.23.1", "v1.23.1+up2"])
def test_a_chart_is_found_in_its_index_as_helm_finds_it(repository: str, version: str) -> None:
    assert states(published.charts([release(version, repository)])) == ["ok"]


def test_a_version_that_is_not_there_comes_with_those_that_are(repository: str) -> None:
    [found] = published.charts([release("v1.21.9", repository)])
    assert "there is no v1.21.9, but v1.21.4" in found.text
    assert found.remedy == "write one that is there: slipway:charts.knative-operator.version"
    [other] = published.charts([release("v1.21.9", repository, "unknown")])
    assert "nor any other" in other.text


def test_an_archive_that_the_index_only_promises_is_a_fault(repository: str) -> None:
    [found] = published.charts([release("v1.22.0", repository)])
    assert (found.state, "gone.tgz: 404" in found.text) == ("fault", True)


def test_a_repository_that_has_no_index_is_a_fault(repository: str) -> None:
    for wrong in (repository.replace("/charts", "/none"), repository.replace("/charts", "/page"), "http://127.0.0.1:9"):
        assert states(published.charts([release("v1.21.4", wrong)])) == ["fault"]


def test_a_chart_in_a_registry_that_is_spelled_otherwise_is_told(registry: Registry) -> None:
    registry.image("charts/operator", "v1.23.0", "linux/amd64")
    at = f"oci://{registry.host}/charts/operator"
    assert states(published.charts([release("v1.23.0", None, at)])) == ["ok"]
    [found] = published.charts([release("1.23.0", None, at)])
    assert (found.state, "is called v1.23.0 there" in found.text) == ("fault", True)
    [other] = published.charts([release("v1.23.7", None, at)])
    assert "there is no v1.23.7, but v1.23.0" in other.text


def test_a_chart_of_this_machine_is_not_asked_for() -> None:
    assert states(published.charts([release("1", None, "./charts/mine")])) == ["ok"]


# --- the report ---


def test_the_report_counts_and_only_a_fault_fails() -> None:
    results = [ok("a", "b"), note("c", "d", "e"), fault("f", "g", "h")]
    assert report.summary(results) == "1 of 3 checks would fail an `up`; 1 note"
    assert report.summary(results[:2]) == "2 checks, nothing that fails an `up`; 1 note"
    assert [each["state"] for each in json.loads(report.as_json(results))] == ["ok", "note", "fault"]
    assert "| fault | f | g | h |" in report.markdown("dev", results)
    assert "| ok" not in report.markdown("dev", results)
    assert report.line(results[2]) == "FAULT  f: g\n        -> h"
