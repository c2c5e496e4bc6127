"""What a model's route lets through, and where it goes."""

import re

import pytest

from components.ingress.route import GRPC_PATH, PATHS, Destination, model_spec, path_spec


def routed(path: str) -> bool:
    """As the gateway matches: the whole raw path, still encoded, against each expression."""
    return any(re.fullmatch(pattern, path) for pattern in PATHS)


@pytest.mark.parametrize(
    "path",
    [
        "/v2",
        "/v2/health/live",
        "/v2/health/ready",
        "/v2/docs",
        "/v2/docs/dataplane.json",
        "/v2/models/mlflow-model",
        "/v2/models/mlflow-model/infer",
        "/v2/models/mlflow-model/infer_stream",
        "/v2/models/mlflow-model/ready",
        "/v2/models/mlflow-model/docs/dataplane.json",
        "/v2/models/mlflow-model/versions/1/infer",
        "/v2/models/mlflow-model/versions/1",
        "/invocations",
    ],
)
def test_what_clients_need_is_routed(path: str) -> None:
    assert routed(path)


@pytest.mark.parametrize(
    "path",
    [
        "/v2/repository/index",
        "/v2/repository/models/mlflow-model/unload",
        "/v2/models/mlflow-model/unload",
        "/v2/models/mlflow-model/load",
        # MLServer reads these as the paths above.
        "/v2%2Frepository/models/mlflow-model/unload",
        "/v2/%72epository/models/mlflow-model/unload",
        "/v2/models/mlflow-model/versions/..%2F..%2F..%2Frepository%2Findex",
        "/v2/models/mlflow-model/versions/../../../repository/index",
        "//v2/repository/index",
        "/metrics",
        "/",
    ],
)
def test_nobody_outside_can_unload_a_model(path: str) -> None:
    assert not routed(path)


def test_destinations_share_the_requests_by_weight() -> None:
    new = Destination(host="new.models.svc.cluster.local", weight=10)
    old = Destination(host="old.models.svc.cluster.local", weight=90, authority="old")
    *_, model, rest = model_spec("istio-system/slipway", "wine.test", {"stable": old, "canary": new})["http"]
    assert model["route"] == [
        {
            "destination": {"host": "old.models.svc.cluster.local", "port": {"number": 80}},
            "weight": 90,
            "headers": {"request": {"set": {"Host": "old"}}},
        },
        {"destination": {"host": "new.models.svc.cluster.local", "port": {"number": 80}}, "weight": 10},
    ]
    assert rest["directResponse"]["status"] == 404


@pytest.mark.parametrize(
    ("method", "open_"),
    [
        ("ServerLive", True),
        ("ModelMetadata", True),
        ("ModelInfer", True),
        ("ModelStreamInfer", True),
        ("RepositoryIndex", False),
        ("RepositoryModelLoad", False),
        ("RepositoryModelUnload", False),
        ("ModelInfer/RepositoryModelUnload", False),
    ],
)
def test_of_the_grpc_service_only_what_clients_need_is_routed(method: str, open_: bool) -> None:
    assert bool(re.fullmatch(GRPC_PATH, f"/inference.GRPCInferenceService/{method}")) is open_


def test_grpc_goes_to_its_own_port_of_the_version_that_was_asked_for() -> None:
    new, old = Destination(host="new", weight=10), Destination(host="old", weight=90)
    made = model_spec("gateway", "wine.test", {"stable": old, "canary": new}, grpc=True)["http"]
    assert [each["name"] for each in made] == [
        "grpc-stable",
        "grpc-canary",
        "grpc",
        "stable",
        "canary",
        "model",
        "not-found",
    ]
    ports = {each["name"]: {to["destination"]["port"]["number"] for to in each.get("route", ())} for each in made}
    assert ports["grpc"] == ports["grpc-canary"] == {8081}
    assert ports["model"] == ports["canary"] == {80}
    plain = model_spec("gateway", "wine.test", {"stable": old})["http"]
    assert [each["name"] for each in plain] == ["model", "not-found"]


def test_a_path_is_a_path_and_not_the_beginning_of_a_word() -> None:
    to = Destination(host="mlflow.mlops.svc.cluster.local", port=5000)
    [route] = path_spec("istio-system/slipway", [], "/mlflow", to)["http"]
    assert route["match"] == [{"uri": {"exact": "/mlflow"}}, {"uri": {"prefix": "/mlflow/"}}]
    assert path_spec("istio-system/slipway", [], "/mlflow", to)["hosts"] == ["*"]
