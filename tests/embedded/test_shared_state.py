"""Two people on one stack: homes, folders, Pythons and clocks of their own, one state, one cluster, nothing to report.

The state is a folder, then a bucket. What a context is called says nothing of the cluster behind it.
"""

import json
import shutil
import signal
import socket
import subprocess
import urllib.request
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.settings import Embedded
from tests.embedded.conftest import Checkout
from tests.embedded.people import STACK, Person, engine_of, killed, other_python, texts
from tools.embedded import ports, waiting
from tools.embedded.control_plane import ControlPlane
from tools.embedded.processes import Background
from tools.environment import tools_first
from tools.stack_file import PREFIX

pytestmark = pytest.mark.embedded

NAMESPACES = {"data": "team-data", "models": "team-models"}
ALIAS = "shared"
# A change of any of these is one.
UNCHANGED = ("--expect-no-changes",)
DRIFT = ("--refresh", *UNCHANGED)


@pytest.fixture(scope="module")
def pair(checkout: Checkout, tmp_path_factory: pytest.TempPathFactory) -> tuple[Person, Person]:
    """Ann and Ben; they call the cluster differently."""
    folder = tmp_path_factory.mktemp("people")
    ann = Person.at(folder, "ann", Path(shutil.which("python", path=tools_first()["PATH"]) or "").parents[1])
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    different = {"TZ": "Asia/Tokyo", "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "7", "TMPDIR": str(elsewhere)}
    ben = Person.at(elsewhere, "ben", other_python(elsewhere), env=different, umask=0o077)
    kubeconfig = yaml.safe_load((checkout.cluster.folder / "kubeconfig").read_text())
    ann.know(kubeconfig, "team")
    ben.know(kubeconfig, "what-ben-calls-it")
    ben.call("what-ben-calls-it")
    return ann, ben


@pytest.fixture(scope="module")
def settings(checkout: Checkout, local_config: dict[str, Any]) -> dict[str, Any]:
    """MLflow with its stores, and a model by its alias, as the local stack has them."""
    local = {key.removeprefix(PREFIX): value for key, value in local_config.items()}
    uri = local["tracking"]["uri"]
    said = json.dumps({"name": "wine-quality-model", "alias": ALIAS, "version": "1"}).encode()
    alias = f"{uri}/api/2.0/mlflow/registered-models/alias"
    urllib.request.urlopen(
        urllib.request.Request(alias, said, {"Content-Type": "application/json"}, method="POST"), timeout=30
    )
    model = {**local["models"][0], "source": f"models:/wine-quality-model@{ALIAS}"}
    model.pop("train")
    assert checkout.cluster.running()["mlserver"]
    return {
        "cluster": {"existing": {"kubeconfig": "~/.kube/config", "context": "team"}},
        **{key: local[key] for key in ("platform", "ingress", "tracking")},
        "namespaces": NAMESPACES,
        "models": [model],
    }


@pytest.fixture
def bucket(tmp_path: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """A bucket of a real S3 server, and the variables that open it."""
    if not shutil.which("minio"):
        pytest.skip("no `minio` on PATH")
    data = tmp_path / "s3"
    (data / "state").mkdir(parents=True)
    [port] = ports.free(1)
    server = Background(tmp_path, "minio")
    login = {"MINIO_ROOT_USER": "team", "MINIO_ROOT_PASSWORD": "a password"}
    try:
        server.start(["minio", "server", "--address", f"127.0.0.1:{port}", str(data)], {**tools_first(), **login})
        waiting.until(server, f"http://127.0.0.1:{port}/minio/health/live", 60)
        url = f"s3://state?endpoint=127.0.0.1:{port}&disableSSL=true&s3ForcePathStyle=true&region=us-east-1"
        yield url, {"AWS_ACCESS_KEY_ID": "team", "AWS_SECRET_ACCESS_KEY": "a password"}
    finally:
        server.stop()


@pytest.fixture(params=["folder", "bucket"])
def backend(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, dict[str, str]]:
    if request.param == "folder":
        return f"file://{tmp_path / 'shared-state'}", {}
    found: tuple[str, dict[str, str]] = request.getfixturevalue("bucket")
    return found


def sharing(
    pair: tuple[Person, Person], settings: Mapping[str, Any], backend: tuple[str, dict[str, str]]
) -> tuple[Person, Person]:
    """Both with the settings and the state; what an earlier test left in their checkouts is gone."""
    url, variables = backend
    people = []
    for each in pair:
        shutil.rmtree(each.checkout / ".slipway", ignore_errors=True)
        each.settle({**settings, "backend": url})
        people.append(
            Person(
                home=each.home,
                checkout=each.checkout,
                python=each.python,
                env={**each.env, **variables},
                umask=each.umask,
            )
        )
    return people[0], people[1]


def uids(checkout: Checkout, kind: str) -> dict[str, str]:
    form = "--output=jsonpath={range .items[*]}{.metadata.name}={.metadata.uid}{'\\n'}{end}"
    lines = checkout.kubectl("get", kind, f"--namespace={NAMESPACES['data']}", form).split()
    return dict(line.split("=") for line in lines)


def test_what_one_makes_the_other_sees_unchanged_and_removes(
    checkout: Checkout,
    pair: tuple[Person, Person],
    settings: dict[str, Any],
    backend: tuple[str, dict[str, str]],
) -> None:
    ann, ben = sharing(pair, settings, backend)
    ann.make("up")
    made = uids(checkout, "persistentvolumeclaims")
    assert made
    ben.make("preview", *UNCHANGED)
    ben.make("preview", *DRIFT)
    ben.make("refresh", *UNCHANGED)
    ben.make("up", *UNCHANGED)
    ann.make("up", *UNCHANGED)
    assert uids(checkout, "persistentvolumeclaims") == made

    # Nothing of a machine is in it; what is shared, such as the servers' addresses, is in the stack file.
    own = [*map(str, (ann.home, ben.home, ann.checkout, ben.checkout, ann.python, ben.python)), ann.env.get("TMPDIR")]
    own += [ben.env["TMPDIR"], str(checkout.root), socket.gethostname(), "what-ben-calls-it", str(Path.home())]
    for person in (ann, ben):
        found = {(text, each) for text in texts(person.state()) for each in own if each and each in text}
        assert not found

    ben.make("destroy")
    assert not {f"/{name}" for name in NAMESPACES.values()} & checkout.names("namespaces")
    assert not ann.state()["deployment"].get("resources")

    # And back: with a file that the first one has never seen.
    ben.make("up")
    ann.make("preview", *UNCHANGED)
    ann.make("destroy")
    assert not {f"/{name}" for name in NAMESPACES.values()} & checkout.names("namespaces")


def test_two_at_once_are_one_after_the_other_and_a_killed_ones_lock_heals(
    checkout: Checkout,
    pair: tuple[Person, Person],
    settings: dict[str, Any],
    backend: tuple[str, dict[str, str]],
) -> None:
    ann, ben = sharing(pair, settings, backend)
    first = ann.begin("up")
    engine = engine_of(first, "up")
    # It holds the lock for as long as this test likes.
    engine.send_signal(signal.SIGSTOP)
    try:
        code, said = ben.try_to("up")
    finally:
        engine.send_signal(signal.SIGCONT)
    assert code
    assert f"somebody else works on {STACK}: " in said
    assert f" on {socket.gethostname()} (process {engine.pid}), since " in said
    assert f"make cancel STACK={STACK}" in said
    assert first.wait(timeout=300) == 0
    ben.make("up", *UNCHANGED)

    # Ann's machine goes down in the middle of a destroy.
    second = ann.begin("destroy")
    engine_of(second, "destroy")
    killed(second)
    said = ben.make("destroy")
    assert "the lock of a run that was killed is taken away" in said
    assert not {f"/{name}" for name in NAMESPACES.values()} & checkout.names("namespaces")
    assert not ben.state()["deployment"].get("pending_operations")


@pytest.fixture
def other_cluster(tmp_path: Path) -> Iterator[ControlPlane]:
    plane = ControlPlane(tmp_path, "other", ports.choose(tmp_path / "ports.json", Embedded(), {}), tools_first())
    try:
        plane.start()
        yield plane
    finally:
        plane.stop()


def names(plane: ControlPlane) -> set[str]:
    command = ["kubectl", f"--kubeconfig={plane.kubeconfig}", "get", "namespaces", "--output=name"]
    done = subprocess.run(command, env=dict(plane.env), capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_what_a_context_is_called_is_neither_here_nor_there(
    checkout: Checkout,
    pair: tuple[Person, Person],
    settings: dict[str, Any],
    tmp_path: Path,
    other_cluster: ControlPlane,
) -> None:
    small = {**settings, "models": [], "tracking": {"uri": "http://127.0.0.1:1"}}
    ann, _ = sharing(pair, small, (f"file://{tmp_path / 'shared-state'}", {}))
    kubeconfig = yaml.safe_load((checkout.cluster.folder / "kubeconfig").read_text())
    ann.make("up")
    made, state = uids(checkout, "persistentvolumeclaims"), ann.state()

    def still() -> bool:
        return uids(checkout, "persistentvolumeclaims") == made

    verbs = [partial(ann.try_to, verb) for verb in ("preview", "up", "refresh", "destroy")]
    # Renamed, here and in the stack file: the same cluster.
    ann.know(kubeconfig, "renamed")
    for verb in verbs:
        code, said = verb()
        assert code
        assert "has no such context; it has: renamed" in said
    ann.settle({**small, "cluster": {"existing": {"kubeconfig": "~/.kube/config", "context": "renamed"}}, **_url(ann)})
    ann.make("up", *UNCHANGED)
    assert still()

    # Another cluster behind the same name: refused by every verb, and nothing is done to either.
    before = names(other_cluster)
    ann.know(yaml.safe_load(other_cluster.kubeconfig.read_text()), "renamed")
    for verb in verbs:
        code, said = verb()
        assert code
        assert "Nothing was done" in said
        assert f"CONFIRM=leave-cluster-of-{STACK}" in said
    assert names(other_cluster) == before
    assert still()

    # No kubeconfig at all, then the old one again.
    (ann.home / ".kube" / "config").unlink()
    for verb in verbs:
        code, said = verb()
        assert code
        assert "slipway:cluster.existing.kubeconfig" in said
    ann.know(kubeconfig, "renamed")
    ann.make("up", *UNCHANGED)
    assert still()
    assert _made(ann.state()) == _made(state)
    ann.make("destroy")


def _url(person: Person) -> dict[str, str]:
    return {"backend": person.backend["PULUMI_BACKEND_URL"]}


def _made(state: dict[str, Any]) -> dict[str, str]:
    return {each["urn"]: each.get("id", "") for each in state["deployment"]["resources"]}
