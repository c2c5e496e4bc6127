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

from components.clients.waiting import wait_out
from components.settings import Embedded
from tests.embedded import s3
from tests.embedded.conftest import Checkout
from tests.embedded.people import STACK, Person, engine_of, killed, other_python, texts
from tools.embedded import ports
from tools.embedded.control_plane import ControlPlane
from tools.environment import tools_first
from tools.stack_file import PREFIX

pytestmark = [pytest.mark.embedded, pytest.mark.team]

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
def settings(local_config: dict[str, Any]) -> dict[str, Any]:
    """MLflow with its stores: `make` finds nothing of the platform on this cluster."""
    return {
        "cluster": {"existing": {"kubeconfig": "~/.kube/config", "context": "team"}},
        "platform": dict.fromkeys(("certificates", "mesh", "serverless", "serving"), "off"),
        "ingress": {"domain": local_config[f"{PREFIX}ingress"]["domain"]},
        "tracking": {"uri": "http://127.0.0.1:1"},
        "namespaces": NAMESPACES,
    }


@pytest.fixture(scope="module")
def with_model(checkout: Checkout, local_config: dict[str, Any], settings: dict[str, Any]) -> dict[str, Any]:
    """A model by its alias beside them, as the local stack has it, for Pulumi alone."""
    local = {key.removeprefix(PREFIX): value for key, value in local_config.items()}
    assert checkout.cluster.running()["mlserver"]
    said = json.dumps({"name": "wine-quality-model", "alias": ALIAS, "version": "1"}).encode()
    url = f"{local['tracking']['uri']}/api/2.0/mlflow/registered-models/alias"
    asked = urllib.request.Request(url, said, {"Content-Type": "application/json"}, method="POST")
    urllib.request.urlopen(asked, timeout=30)
    model = {**local["models"][0], "source": f"models:/wine-quality-model@{ALIAS}"}
    model.pop("train")
    return {**settings, **{key: local[key] for key in ("platform", "ingress", "tracking")}, "models": [model]}


@pytest.fixture(params=["folder", "bucket"])
def backend(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, dict[str, str]]]:
    if request.param == "folder":
        yield f"file://{tmp_path / 'shared-state'}", {}
    elif not s3.is_here():
        pytest.skip("no `minio` on PATH")
    else:
        with s3.bucket(tmp_path) as found:
            yield found


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

    # What is shared, such as the servers' addresses, is in the stack file.
    for person in (ann, ben):
        assert not of_a_machine(person.state(), ann, ben, checkout)

    ben.make("destroy")
    assert not {f"/{name}" for name in NAMESPACES.values()} & checkout.names("namespaces")
    assert not ann.state()["deployment"].get("resources")

    # And back: with a file that the first one has never seen.
    ben.make("up")
    ann.make("preview", *UNCHANGED)
    ann.make("destroy")
    assert not {f"/{name}" for name in NAMESPACES.values()} & checkout.names("namespaces")


def test_plain_pulumi_sees_a_model_unchanged_from_either_side(
    pair: tuple[Person, Person], with_model: dict[str, Any], tmp_path: Path, checkout: Checkout
) -> None:
    folder = tmp_path / "shared-state"
    folder.mkdir()
    ann, ben = sharing(pair, with_model, (f"file://{folder}", {}))
    yaml_of_ben = yaml.safe_load((ben.home / ".kube" / "config").read_text())
    ben.know(yaml_of_ben, "team")
    ann.pulumi("stack", "init")
    ann.pulumi("up", "--yes", "--skip-preview")
    # Its salt is in the stack file, which they share.
    shutil.copy(ann.checkout / f"Pulumi.{STACK}.yaml", ben.checkout / f"Pulumi.{STACK}.yaml")
    for each in (ben, ann):
        each.pulumi("preview", *UNCHANGED)
        each.pulumi("preview", *DRIFT)
        each.pulumi("refresh", "--yes", "--skip-preview", *UNCHANGED)
        each.pulumi("up", "--yes", "--skip-preview", *UNCHANGED)
    assert not of_a_machine(ben.state(), ann, ben, checkout)
    ben.pulumi("destroy", "--yes", "--skip-preview")
    assert not {f"/{name}" for name in NAMESPACES.values()} & checkout.names("namespaces")
    ben.know(yaml_of_ben, "what-ben-calls-it")


def of_a_machine(state: dict[str, Any], ann: Person, ben: Person, checkout: Checkout) -> set[tuple[str, str]]:
    """The texts of a state that hold what is one machine's, and that."""
    own = [*map(str, (ann.home, ben.home, ann.checkout, ben.checkout, ann.python, ben.python, checkout.root))]
    own += [ben.env["TMPDIR"], socket.gethostname(), "what-ben-calls-it", str(Path.home())]
    return {(text, each) for text in texts(state) for each in own if each in text}


def wait_for_lock(folder: Path) -> None:
    """Return when a run has the lock of the state below the folder, which may be a server's of buckets."""
    missing = wait_out(lambda: not list(folder.rglob(".pulumi/locks/**/*.json")), 120, every=0.05)
    assert not missing, "nobody locked the state"


def test_two_at_once_are_one_after_the_other_and_a_killed_ones_lock_heals(
    checkout: Checkout,
    pair: tuple[Person, Person],
    settings: dict[str, Any],
    backend: tuple[str, dict[str, str]],
    tmp_path: Path,
) -> None:
    ann, ben = sharing(pair, settings, backend)
    first = ann.begin("up")
    engine = engine_of(first, "up")
    wait_for_lock(tmp_path)
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
    wait_for_lock(tmp_path)
    killed(second)
    # Ben's machine may have the same name, and cannot know; Ann's next run does.
    code, said = ben.try_to("destroy")
    assert code
    assert f"make cancel STACK={STACK}" in said
    said = ann.make("destroy")
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
    ann, _ = sharing(pair, settings, (f"file://{tmp_path / 'shared-state'}", {}))
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
    renamed = {"existing": {"kubeconfig": "~/.kube/config", "context": "renamed"}}
    ann.settle({**settings, "cluster": renamed, "backend": ann.backend["PULUMI_BACKEND_URL"]})
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


def _made(state: dict[str, Any]) -> dict[str, str]:
    return {each["urn"]: each.get("id", "") for each in state["deployment"]["resources"]}
