"""What dashboards and alerts read, asked of the stack's own Prometheus.

A dev stack must be up (`make up STACK=dev`), with `slipway:platform: {dashboards: install}`. Grafana is not asked: its
dashboards are these queries.
"""

import json
import time
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any
from urllib.parse import quote

import pytest

from components.monitoring import dashboards
from components.monitoring.panels import Panel
from components.settings import Settings, parse_settings
from components.settings.parts import own_namespaces, prometheus
from tests import exported
from tests.kind.commands import engine, kubectl
from tools.engine.stack import Stack

pytestmark = pytest.mark.kind

# Two rounds of reading, and the window of a rate.
_SECONDS = 120.0
# What a well stack has nothing to show in.
_EMPTY_WHEN_WELL = {
    "Share of errors",
    "Canary's share",
    "Bad requests, of the objective's budget",
    "Restarts in an hour",
    "Certificates that are not ready",
    "Trainings that failed",
}
# The parts whose series a panel is made of, where that is not told by the series' names alone.
_OPERATED = {"cloudnative-pg"}


@cache
def settings() -> Settings:
    found = parse_settings(Stack("dev").values)
    assert found.platform.dashboards == "install", "the stack has no dashboards: slipway:platform.dashboards: install"
    return found


def asked(path: str) -> Any:
    """What Prometheus' own API answers."""
    service = f"/api/v1/namespaces/{prometheus.NAMESPACE.name}/services/http:prometheus-server:80/proxy/api/v1"
    answer = json.loads(kubectl("get", "--raw", f"{service}/{path}"))
    assert answer["status"] == "success", answer
    return answer["data"]


def found(query: str) -> list[dict[str, Any]]:
    return list(asked(f"query?query={quote(query)}")["result"])


def soon(true: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + _SECONDS
    while not (well := true()) and time.monotonic() < deadline:
        time.sleep(3)
    return well


@pytest.fixture(scope="module", autouse=True)
def used() -> None:
    """A stack that was asked for something, in the windows that are looked at."""
    for _ in range(3):
        engine("predict", "--repeat", "20")
        time.sleep(16)


def names() -> set[str]:
    return set(asked("label/__name__/values"))


def missing(part: str) -> str:
    """Why the stack cannot have the series of a part; "" where it has to."""
    if part in _OPERATED and not settings().database.cloud_native_pg:
        return "the database is not CloudNativePG's"
    if part == "knative" and not any(model.mode == "Knative" for model in settings().models):
        return "no model is Knative's"
    if part == "gateway" and not found('istio_build{component="proxy"}'):
        return "the gateway's proxy is not Istio's own build"
    return ""


def on_host_paths() -> bool:
    """Whether the volumes are folders of the node, which the kubelet does not measure."""
    volumes = json.loads(kubectl("get", "persistentvolumes", "--output=json"))["items"]
    return all("hostPath" in each["spec"] or "local" in each["spec"] for each in volumes)


def wanted(part: str) -> set[str]:
    series = exported.at_once(part)
    if part == "kubelet" and on_host_paths():
        return {name for name in series if not name.startswith("kubelet_volume_stats")}
    return series


@pytest.mark.parametrize("part", exported.parts())
def test_every_series_that_is_read_is_there(part: str) -> None:
    if why := missing(part):
        pytest.skip(why)
    assert soon(lambda: wanted(part) <= names()), sorted(wanted(part) - names())


def panels() -> Iterator[tuple[str, Panel]]:
    for board in dashboards.of_stack(settings()):
        for row in board.rows:
            yield from ((board.title, panel) for panel in row)


def answers(query: str) -> bool:
    return any(found(query.replace("$model", model.name)) for model in settings().models)


def unreachable(query: str) -> str:
    """Why a query has no answer on this stack."""
    parts = [part for part in exported.parts() if any(name in query for name in exported.of(part))]
    why = [missing(part) for part in parts]
    why += ["the volumes are folders of the node"] if "kubelet_volume_stats" in query and on_host_paths() else []
    return next((each for each in why if each), "")


def test_every_panel_shows_something() -> None:
    silent = [
        f"{board}, {panel.title}: {query.expr}"
        for board, panel in panels()
        if panel.title not in _EMPTY_WHEN_WELL
        for query in panel.queries
        if not unreachable(query.expr) and not soon(lambda query=query: answers(query.expr))  # type: ignore[misc]
    ]
    assert not silent, "\n".join(silent)


def test_every_query_can_be_answered() -> None:
    """A query that Prometheus refuses fails here, in a panel that is usually empty too."""
    for _, panel in panels():
        for query in panel.queries:
            found(query.expr.replace("$model", settings().models[0].name))


def test_no_alert_fires_and_each_can_be_worked_out() -> None:
    rules = [rule for group in asked("rules")["groups"] for rule in group["rules"]]
    assert {"ModelWithoutReadyPod", "DiskNearlyFull"} <= {rule["name"] for rule in rules}
    assert soon(lambda: all(rule["health"] == "ok" for group in asked("rules")["groups"] for rule in group["rules"]))
    assert not [rule["name"] for rule in rules if rule.get("state") == "firing"]


def test_whatever_is_to_be_read_of_the_stack_answers() -> None:
    own = {settings().namespaces.data, settings().namespaces.models, *own_namespaces(settings())}

    def read(labels: dict[str, str]) -> bool:
        """Not the Services of KServe, whose metrics want a token, and of models, which are read by their pods."""
        place = labels.get("namespace")
        by_service = labels["job"] == "kubernetes-service-endpoints"
        return place is None or (place in own and not (by_service and place != prometheus.NAMESPACE.name))

    def down() -> list[str]:
        targets = asked("targets?state=active")["activeTargets"]
        return [
            f"{each['scrapeUrl']}: {each['lastError']}"
            for each in targets
            if each["health"] != "up" and read(each["labels"])
        ]

    assert soon(lambda: not down()), down()


def test_a_prediction_is_counted_once() -> None:
    """A model's pods and its Service both say that they are to be read."""
    counted = "model_infer_request_success_total"
    assert soon(lambda: bool(found(counted)) and not found(f'{counted}{{pod=""}}')), found(counted)
