"""The set before is brought to the pinned one, as docs/upgrades.md says, while a model of each mode is asked.

The stack's own names, ports and override file (a mirror, a CA); it refuses to start while a dev stack is up. `-s` shows
the figures.
"""

import http.client
import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from components.settings.merge import merged
from components.settings.versions import CHARTS, KNATIVE_SERVING
from tests.kind.commands import engine, kubectl, override
from tools import stack_file

pytestmark = pytest.mark.kind

PER_SECOND = 5
WITHIN = 10.0
BEFORE = {
    "slipway:knativeServing": {"version": "1.21.3"},
    "slipway:charts": {"cert-manager": {"version": "v1.17.4"}, "knative-operator": {"version": "v1.21.4"}},
}
BETWEEN = {"slipway:knativeServing": {"version": "1.22"}}


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A model and what it is asked; `failed` and `seconds` of the answers are filled by whoever asks."""

    name: str
    url: str
    host: str
    body: str
    right: Any
    seconds: list[float] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    def ask(self) -> None:
        began, place = time.monotonic(), urlsplit(self.url)
        connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=WITHIN)
        try:
            headers = {"Host": self.host, "Content-Type": "application/json", "Connection": "close"}
            connection.request("POST", f"{place.path}/infer", self.body, headers)
            answer = connection.getresponse()
            said = answer.read().decode()
            if answer.status != 200 or json.loads(said)["outputs"][0]["data"] != self.right:
                self.failed.append(f"{answer.status} {said[:200]}")
        except (OSError, http.client.HTTPException, ValueError) as error:
            self.failed.append(repr(error))
        finally:
            connection.close()
            self.seconds.append(time.monotonic() - began)


def models() -> list[Asked]:
    return [
        Asked(
            name=name,
            url=model["url"],
            host=model["host"],
            body=json.dumps({"inputs": example["inputs"]}),
            right=pytest.approx(example["outputs"], rel=1e-6),
        )
        for name, model in json.loads(engine("output", "--json"))["models"].items()
        for example in [json.loads(model["example"])]
    ]


@contextmanager
def asking(every: list[Asked]) -> Iterator[None]:
    ended = threading.Event()

    def ask(model: Asked) -> None:
        threads = []
        while not ended.wait(1 / PER_SECOND):
            threads.append(threading.Thread(target=model.ask))
            threads[-1].start()
        for thread in threads:
            thread.join()

    asking = [threading.Thread(target=ask, args=(model,)) for model in every]
    for each in asking:
        each.start()
    try:
        yield
    finally:
        ended.set()
        for each in asking:
            each.join()


def with_both_modes(own: Mapping[str, Any]) -> dict[str, Any]:
    [standard] = stack_file.read(Path("Pulumi.dev.yaml"))["config"]["slipway:models"]
    knative = {"name": "wine-knative", "source": standard["source"], "mode": "Knative"}
    return merged(own, {"slipway:models": [standard, knative]})


def running(namespace: str, deployment: str) -> str:
    path = "jsonpath={.spec.template.spec.containers[0].image}"
    return kubectl("--namespace", namespace, "get", "deployment", deployment, "--output", path)


@pytest.mark.usefixtures("machine")
def test_the_set_before_is_brought_to_this_one_and_no_model_misses_a_request(own: dict[str, Any]) -> None:
    base = with_both_modes(own)
    override(merged(base, BEFORE))
    engine("up")
    assert ":v1.17.4" in running("cert-manager", "cert-manager")

    every = models()
    assert [model.name for model in every] == ["mlflow-wine-classifier", "wine-knative"]
    with asking(every):
        for step in (BETWEEN, {}):
            override(merged(base, step))
            began, before = time.monotonic(), [len(model.seconds) for model in every]
            engine("up")
            took = time.monotonic() - began
            for model, sent in zip(every, before, strict=True):
                slowest = max(model.seconds[sent:])
                print(f"{step}: {took:.0f} s, {model.name}: {len(model.seconds) - sent} sent, slowest {slowest:.1f} s")
            assert [model.failed for model in every] == [[], []]
    assert [model.failed for model in every] == [[], []]
    assert all(len(model.seconds) > 100 for model in every)

    assert CHARTS["cert-manager"].version in running("cert-manager", "cert-manager")
    status = "jsonpath={.status.version}"
    serving = ("--namespace", "knative-serving", "get", "knativeserving", "knative-serving", "--output", status)
    assert kubectl(*serving) == KNATIVE_SERVING
    assert "no version changes" in engine("upgrade-check")
    engine("up", "--expect-no-changes")
    engine("destroy")
