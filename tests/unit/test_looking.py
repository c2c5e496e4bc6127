"""What a person looks at: a model's log, the stack's pages, its cost and its picture."""

import xml.etree.ElementTree as ET
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from components.errors import SlipwayError
from components.settings import parse_settings
from tools import cost, graph, logs, places
from tools.cost import Price
from tools.engine.stack import Stack
from tools.render.manifest import Manifest

OUTPUTS = {
    "tracking": "http://127.0.0.1:8080/mlflow",
    "models": {
        "wine": {
            "url": "http://127.0.0.1:8080/v2/models/mlflow-model/infer",
            "host": "wine.models.slipway.localhost",
            "version": "1",
            "canary": {"version": "2", "percent": 10},
        }
    },
}
STACK = {
    "cluster": {"kind": {"name": "x"}},
    "ingress": {"domain": "slipway.localhost"},
    "models": [
        {"name": "wine", "source": "models:/wine/1"},
        {"name": "tea", "source": "models:/tea/1", "autoscaling": {"max": 5, "targetCPUUtilizationPercentage": 60}},
    ],
}


def test_a_models_log_is_that_of_all_its_pods() -> None:
    command = logs.reading(Stack("dev"), "mlflow-wine-classifier", 20, follow=True)
    assert command[0] == "kubectl"
    assert "--selector=serving.kserve.io/inferenceservice=mlflow-wine-classifier" in command
    assert {"--tail=20", "--follow", "--all-containers"} <= set(command)


def test_an_embedded_models_log_is_its_servers_file() -> None:
    command = logs.reading(Stack("local"), "mlflow-wine-classifier", 20, follow=False)
    assert command[:2] == ["tail", "--lines=20"]
    assert Path(command[-1]).name == "mlserver.log"


def test_a_log_of_a_model_that_is_not_there_names_those_that_are() -> None:
    with pytest.raises(SlipwayError, match="has no model gin; it has: mlflow-wine-classifier"):
        logs.reading(Stack("dev"), "gin", 20, follow=False)


def test_pages_are_named_by_what_they_show() -> None:
    assert places.places(OUTPUTS) == {
        "mlflow": "http://127.0.0.1:8080/mlflow",
        "wine": "http://wine.models.slipway.localhost:8080/v2/models/mlflow-model/docs",
    }
    assert places.docs("https://wine.example.com/v2/models/m/infer", "wine.example.com") == (
        "https://wine.example.com/v2/models/m/docs"
    )


def deployment(name: str, namespace: str, replicas: int, **requests: str) -> Manifest:
    container = {"resources": {"requests": requests, "limits": {"memory": "2Gi"}}}
    template = {"spec": {"containers": [container]}}
    return Manifest(
        content={
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": name, "namespace": namespace},
            "spec": {"replicas": replicas, "template": template},
        }
    )


def found() -> list[cost.Demand]:
    scaler = {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "wine-hpa", "namespace": "models"},
        "spec": {"scaleTargetRef": {"name": "wine-predictor"}, "minReplicas": 2, "maxReplicas": 6},
    }
    container = {"resources": {"requests": {"cpu": "1", "memory": "1Gi", "nvidia.com/gpu": "1"}}}
    service = {
        "apiVersion": "serving.kserve.io/v1beta1",
        "kind": "InferenceService",
        "metadata": {"name": "wine", "namespace": "models"},
        "spec": {"predictor": {"minReplicas": 1, "containers": [container]}},
    }
    manifests = [
        deployment("mlflow", "mlops", 2, cpu="250m", memory="512Mi"),
        Manifest(content=scaler),
        Manifest(content=service),
    ]
    rendering: Any = SimpleNamespace(manifests=manifests)
    return cost.demands(rendering)


def test_a_model_costs_from_its_least_to_its_most_replicas() -> None:
    mlflow, wine = found()
    assert (mlflow.part, mlflow.least, mlflow.most, mlflow.requests.cpu, mlflow.requests.memory) == (
        *("mlops", 2, 2),
        *(0.25, 0.5),
    )
    assert (wine.part, wine.least, wine.most, wine.requests.gpu) == ("models", 2, 6, 1)


def test_the_table_ends_with_everything_and_shows_money_only_for_a_price() -> None:
    lines = cost.table(found(), Price()).splitlines()
    assert lines[-1].split("  ")[0] == "everything"
    assert "2.5 to 6.5" in lines[-1]
    assert "month" not in lines[0]
    priced = cost.table(found(), Price(cpu=0.1)).splitlines()
    assert priced[-1].endswith("182.5 to 474.5")


def test_the_picture_has_every_model_with_its_version_and_share() -> None:
    drawn = graph.svg(graph.boxes(parse_settings(STACK), OUTPUTS), "Slipway: <x>")
    root = ET.fromstring(drawn)
    said = " ".join(text for text in root.itertext() if text.strip())
    assert "version 1, 10 % to 2; pods: 1" in said
    assert "not served yet; 1 to 5 pods" in said
    assert "Slipway: <x>" in said


def test_every_way_in_the_picture_ends_at_a_box() -> None:
    found = graph.boxes(parse_settings(STACK), {})
    names = {box.name for box in found}
    assert {target for box in found for target in box.to} <= names
