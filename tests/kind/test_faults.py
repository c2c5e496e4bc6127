"""Servers that are killed while people work: a dev stack must be up (`make up STACK=dev`).

What MLflow acknowledged is there afterwards; a model goes on answering while its pods come, go and are replaced.
"""

import contextlib
import itertools
import json
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from components.errors import SlipwayError
from components.settings import parse_settings
from tests.kind.commands import CLUSTER, engine, kubectl, run
from tools import release, stack_edit, stack_file
from tools.bench.frame.served import Model
from tools.bench.frame.versions import registered_again
from tools.engine.stack import Stack
from tools.predict import Served, served

pytestmark = pytest.mark.kind

NAME = "faults"
WRITERS = 3
# Requests per second to the model, and how many may be under way at once.
RATE, CLIENTS = 100, 10
_SECONDS = 300.0
_DIES_WITHIN = 5.0


@pytest.fixture(scope="module")
def outputs() -> dict[str, Any]:
    assert Path(".slipway/dev/kubeconfig").is_file(), "no dev stack is up: make up STACK=dev"
    return dict(json.loads(engine("output", "--json")))


def asked(url: str, body: bytes | None = None, *, method: str | None = None, **headers: str) -> bytes:
    request = urllib.request.Request(url, body, headers, method=method)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return bytes(answer.read())


@contextlib.contextmanager
def absent_is_none() -> Iterator[None]:
    """404 is an answer; a server that is on its way up again gives none yet."""
    try:
        yield
    except urllib.error.HTTPError as error:
        if error.code != 404:
            raise


class Client:
    """Logs runs, artifacts and versions, one after another, and remembers what was acknowledged."""

    def __init__(self, uri: str, ask: Callable[..., bytes] = asked, experiment: str = "0") -> None:
        self.uri, self.ask, self.experiment = uri, ask, experiment
        self.runs: dict[str, str] = {}
        self.artifacts: dict[str, bytes] = {}
        self.versions: set[str] = set()
        self.refused = 0
        self.numbers = itertools.count()

    def call(self, path: str, body: dict[str, Any] | None = None) -> Any:
        sent = json.dumps(body).encode() if body is not None else None
        return json.loads(self.ask(f"{self.uri}/api/2.0/mlflow/{path}", sent, **{"Content-Type": "application/json"}))

    def artifact(self, path: str) -> str:
        return f"{self.uri}/api/2.0/mlflow-artifacts/artifacts/{path}"

    def write(self) -> None:
        number = next(self.numbers)
        wanted = {"experiment_id": self.experiment, "run_name": f"{NAME}-{number}"}
        info = self.call("runs/create", wanted)["run"]["info"]
        run, source = info["run_id"], f"{info['artifact_uri']}/{number}"
        self.runs[run] = f"{NAME}-{number}"
        content, path = f"{number}\n".encode() * 10_000, source.removeprefix("mlflow-artifacts:/")
        self.ask(self.artifact(path), content, method="PUT")
        self.artifacts[path] = content
        made = self.call("model-versions/create", {"name": NAME, "source": source, "run_id": run})
        self.versions.add(made["model_version"]["version"])

    def attempt(self) -> None:
        try:
            self.write()
        except (OSError, ValueError):
            self.refused += 1
            time.sleep(0.2)

    @property
    def written(self) -> int:
        return len(self.runs) + len(self.artifacts) + len(self.versions)

    def lost(self) -> list[str]:
        """What was acknowledged, and is not there or is another."""
        runs = (run for run, name in self.runs.items() if self._run(run) != name)
        artifacts = (path for path, content in self.artifacts.items() if self._artifact(path) != content)
        known = {each["version"] for each in self._versions()}
        return [*runs, *artifacts, *(self.versions - known)]

    def _run(self, run: str) -> Any:
        with absent_is_none():
            return self.call(f"runs/get?run_id={run}")["run"]["info"]["run_name"]

    def _artifact(self, path: str) -> bytes | None:
        with absent_is_none():
            return self.ask(self.artifact(path))
        return None

    def _versions(self) -> Iterator[dict[str, str]]:
        token = ""
        while True:
            found = self.call(f"model-versions/search?filter=name%3D'{NAME}'&max_results=1000&page_token={token}")
            yield from found.get("model_versions", ())
            if not (token := found.get("next_page_token", "")):
                return


@contextlib.contextmanager
def repeated(act: Callable[[], None], threads: int) -> Iterator[None]:
    """`act` again and again, in so many threads, until the end."""
    end = threading.Event()

    def loop() -> None:
        while not end.is_set():
            act()

    workers = [threading.Thread(target=loop) for _ in range(threads)]
    for each in workers:
        each.start()
    try:
        yield
    finally:
        end.set()
        for each in workers:
            each.join()


@pytest.fixture(scope="module")
def client(outputs: dict[str, Any]) -> Client:
    client = Client(outputs["tracking"])
    with contextlib.suppress(urllib.error.HTTPError):
        # There since an earlier run.
        client.call("registered-models/create", {"name": NAME})
    return client


def namespace() -> str:
    settings = parse_settings(stack_file.settings_of(stack_file.effective(stack_file.path_of("dev"))))
    return str(settings.namespaces.data)


def killed(*selectors: str) -> Callable[[], None]:
    def kill() -> None:
        for each in selectors:
            pods = ("delete", "pod", f"--selector=app.kubernetes.io/name={each}", "--grace-period=0", "--force")
            kubectl("--namespace", namespace(), *pods)

    return kill


def restarted() -> None:
    run("docker", "restart", f"{CLUSTER}-control-plane")


FAULTS = {
    "database": killed("postgres"),
    "store": killed("object-store"),
    "server": killed("mlflow"),
    "all three": killed("postgres", "object-store", "mlflow"),
    "node": restarted,
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_was_acknowledged_is_there(fault: str, client: Client) -> None:
    before = client.written
    with repeated(client.attempt, WRITERS):
        until(lambda: client.written > before + 20)
        began = time.monotonic()
        FAULTS[fault]()
        # What was killed may answer for a moment.
        time.sleep(_DIES_WITHIN)
        seen = client.written
        until(lambda: client.written > seen + 60)
        took = time.monotonic() - began
    lost = settled(client.lost)
    print(f"{fault}: {client.written} acknowledged so far, {len(lost)} lost; {took:.0f} s to 60 more")
    assert not lost


def settled(ask: Callable[[], list[str]]) -> list[str]:
    """The answer, when the server gives one."""
    found: list[list[str]] = []

    def answered() -> bool:
        with contextlib.suppress(OSError):
            found.append(ask())
        return bool(found)

    until(answered)
    return found[0]


def until(happened: Callable[[], bool]) -> None:
    end = time.monotonic() + _SECONDS
    while not happened():
        assert time.monotonic() < end, f"not within {_SECONDS:.0f} s"
        time.sleep(0.1)


def test_every_secret_is_turned_over_while_people_work(client: Client, outputs: dict[str, Any]) -> None:
    """The counts stay in the stack's file: they say how often it was done."""
    model, *_ = served(Stack("dev"), None)
    load = Load(model, json.loads(outputs["models"][model.name]["example"])["outputs"])
    before, passwords = client.written, secrets()
    with repeated(client.attempt, WRITERS), repeated(load.once, CLIENTS):
        until(lambda: client.written > before + 20)
        engine("rotate", "all")
        seen = client.written
        until(lambda: client.written > seen + 60)
    lost = settled(client.lost)
    print(f"{client.written} acknowledged so far, {len(lost)} lost, {client.refused} refused meanwhile")
    print(load)
    assert not lost
    assert not load.failed
    assert all(secrets()[name] != value for name, value in passwords.items())


def secrets() -> dict[str, str]:
    """What is turned over, by the Secret that has it."""
    found = json.loads(kubectl("--namespace", namespace(), "get", "secrets", "--output=json"))["items"]
    keys = {"database": "password", "object-store": "AWS_SECRET_ACCESS_KEY"}
    names = {each["metadata"]["name"]: each["data"] for each in found}
    return {name: names[name][key] for name, key in keys.items()}


class Load:
    """The model's own example, RATE times a second where it answers as fast, and what was answered."""

    def __init__(self, model: Served, right: Any) -> None:
        self.model, self.right = model, pytest.approx(right, rel=1e-6)
        self.answers: Counter[str] = Counter()
        self.began = time.monotonic()

    def once(self) -> None:
        due = time.monotonic() + CLIENTS / RATE
        try:
            answer = self.ask(self.model.question(None))
        except (OSError, SlipwayError) as error:
            self.answers[str(error)] += 1
        else:
            self.answers["right" if answer["outputs"][0]["data"] == self.right else "wrong"] += 1
        time.sleep(max(0.0, due - time.monotonic()))

    def ask(self, body: dict[str, Any]) -> dict[str, Any]:
        return self.model.ask(body)

    @property
    def failed(self) -> Counter[str]:
        return self.answers - Counter({"right": self.answers["right"]})

    def __str__(self) -> str:
        rate = self.answers.total() / (time.monotonic() - self.began)
        return f"{self.answers.total()} requests, {rate:.0f} a second, {self.failed.total()} failed {dict(self.failed)}"


class Pods:
    """Those of a model, whose number its autoscaler holds."""

    def __init__(self, name: str) -> None:
        self.name = name

    def get(self, *what: str) -> Any:
        return json.loads(kubectl("--namespace=models", "get", *what, "--output=json"))

    def bounded(self, least: int, most: int) -> None:
        bounds = {"spec": {"minReplicas": least, "maxReplicas": most}}
        kubectl("--namespace=models", "patch", f"hpa/{self.name}-hpa", "--patch", json.dumps(bounds))

    def many(self, count: int) -> None:
        self.bounded(count, count)
        until(lambda: self._ready() == count)

    def _ready(self) -> int | None:
        found = self.get(f"deployment/{self.name}-predictor")
        status, wanted = found["status"], found["spec"]["replicas"]
        return wanted if status.get("readyReplicas") == status.get("replicas") == wanted else None

    def evict(self) -> None:
        selector = f"--selector=serving.kserve.io/inferenceservice={self.name}"
        pod = self.get("pods", selector)["items"][0]["metadata"]["name"]
        eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": pod, "namespace": "models"}}
        path = f"/api/v1/namespaces/models/pods/{pod}/eviction"
        kubectl("create", f"--raw={path}", "--filename=-", given=json.dumps(eviction))
        time.sleep(2)
        until(lambda: self._ready() == 2)

    def names(self) -> set[str]:
        pods = self.get("pods", f"--selector=serving.kserve.io/inferenceservice={self.name}")["items"]
        return {each["metadata"]["name"] for each in pods if "deletionTimestamp" not in each["metadata"]}

    def replace(self) -> None:
        before = self.names()
        model = Model.first_of(Stack("dev"))
        for mark in ("once", None):
            model.replace_pods(mark)
        assert not before & self.names()


def test_a_model_answers_while_its_pods_come_and_go(outputs: dict[str, Any]) -> None:
    model, *_ = served(Stack("dev"), None)
    right = json.loads(outputs["models"][model.name]["example"])["outputs"]
    pods = Pods(model.name)
    before = pods.get(f"hpa/{model.name}-hpa")["spec"]
    steps = {
        "one more": lambda: pods.many(2),
        "one evicted": pods.evict,
        "all replaced": pods.replace,
        "one fewer": lambda: pods.many(1),
        "the only one replaced": pods.replace,
    }
    failed: dict[str, Counter[str]] = {}
    try:
        for step, act in steps.items():
            load = Load(model, right)
            with repeated(load.once, CLIENTS):
                time.sleep(2)
                act()
                time.sleep(2)
            print(f"{step}: {load}")
            failed[step] = load.failed
    finally:
        pods.bounded(before["minReplicas"], before["maxReplicas"])
    assert not any(failed.values()), failed


def broken(folder: Path) -> None:
    """It names the module that would load it, and there is none."""
    described = folder / "MLmodel"
    text = described.read_text()
    described.write_text(text.replace("loader_module: mlflow.sklearn", "loader_module: no_such_loader"))
    assert text != described.read_text()


def noted(folder: Path) -> None:
    (folder / "note.txt").write_text(f"{time.time()}\n")


@pytest.fixture
def file() -> Iterator[Path]:
    """What has the stack's models; it is as it was afterwards."""
    path = stack_edit.owner_of(stack_file.path_of("dev"))
    before = path.read_bytes()
    yield stack_file.path_of("dev")
    path.write_bytes(before)


def test_a_new_version_comes_and_goes_while_people_ask(outputs: dict[str, Any], file: Path) -> None:
    model, *_ = served(Stack("dev"), None)
    before = stack_edit.model_of(file, model.name)["source"]
    new = registered_again(Stack("dev"), before, noted)
    load = Load(model, json.loads(outputs["models"][model.name]["example"])["outputs"])
    pods = Pods(model.name)
    with repeated(load.once, CLIENTS):
        for source in (new, before):
            names = pods.names()
            release.rollback(file, model.name, source)
            engine("up")
            # It ends with the new one's first answer; pods of the one before may still go.
            until(lambda names=names: not names & pods.names())  # type: ignore[misc]
            answer = model.ask(model.question(None))
            assert f"models:/{before.split('/')[1]}/{answer['model_version']}" == source
    print(load)
    assert not load.failed


def test_a_version_that_does_not_load_is_never_asked_and_the_one_before_goes_on(
    outputs: dict[str, Any], file: Path
) -> None:
    model, *_ = served(Stack("dev"), None)
    before = stack_edit.model_of(file, model.name)["source"]
    load = Load(model, json.loads(outputs["models"][model.name]["example"])["outputs"])
    release.rollback(file, model.name, registered_again(Stack("dev"), before, broken))
    with repeated(load.once, CLIENTS):
        said = refused("up")
        # Its own last lines.
        assert "no_such_loader" in said, said[-3000:]
        release.rollback(file, model.name, before)
        engine("up")
    print(load)
    assert not load.failed


def refused(verb: str) -> str:
    """What a run says that fails."""
    done = subprocess.run(
        [sys.executable, "-m", "tools", verb, "dev"], capture_output=True, text=True, timeout=1800, check=False
    )
    assert done.returncode
    return done.stdout + done.stderr
