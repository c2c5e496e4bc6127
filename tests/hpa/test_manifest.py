"""Autoscalers as they are written."""

from typing import Any

import pytest

from hpa import manifest
from hpa.problem import HpaError
from hpa.spec import DEFAULT_DOWN, DEFAULT_UP, Autoscaler, Metric, Policy

CPU = {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 60}}}


def spec(**fields: Any) -> Autoscaler:
    return manifest.from_spec({"maxReplicas": 5, "metrics": [CPU], **fields}, "spec")


def test_what_is_left_out_is_what_the_api_server_would_fill_in() -> None:
    found = manifest.from_spec({"maxReplicas": 5}, "spec")
    assert found == Autoscaler(1, 5, (Metric("Resource", "cpu", "Utilization", 80),), None)


def test_one_direction_of_the_behavior_brings_the_other_along() -> None:
    behavior = spec(behavior={"scaleDown": {"policies": [{"type": "Pods", "value": 1, "periodSeconds": 60}]}}).behavior
    assert behavior
    assert behavior.up == DEFAULT_UP
    assert behavior.down.policies == (Policy("Pods", 1, 60),)
    assert behavior.down.window == DEFAULT_DOWN.window


def test_every_kind_of_metric_is_read() -> None:
    target = {"type": "AverageValue", "averageValue": "1k"}
    written = [
        {"type": "ContainerResource", "containerResource": {"name": "memory", "container": "main", "target": target}},
        {"type": "Pods", "pods": {"metric": {"name": "packets-per-second"}, "target": target}},
        {"type": "Object", "object": {"metric": {"name": "requests"}, "target": {"type": "Value", "value": "2k"}}},
        {
            "type": "External",
            "external": {"metric": {"name": "queue"}, "target": {"type": "AverageValue", "averageValue": "0.0301"}},
        },
    ]
    assert spec(metrics=written).metrics == (
        Metric("ContainerResource", "memory", "AverageValue", 1_000_000, "main"),
        Metric("Pods", "packets-per-second", "AverageValue", 1_000_000),
        Metric("Object", "requests", "Value", 2_000_000),
        Metric("External", "queue", "AverageValue", 31),
    )


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"maxReplicas": 0}, "spec.maxReplicas: 0: write a whole number of at least 1"),
        ({"maxReplicas": None}, "spec.maxReplicas: missing"),
        ({"minReplicas": 9}, "spec.minReplicas: 9: write at most maxReplicas, which is 5"),
        ({"minReplicas": 0}, "scaling to zero needs an Object or External metric"),
        ({"metrics": [{"type": "Cpu"}]}, "spec.metrics[0].type: Cpu: write one of Resource, ContainerResource"),
        ({"metrics": [{"type": "Pods"}]}, "spec.metrics[0].pods: missing: write a mapping"),
        ({"behavior": {"scaleUp": {"policies": []}}}, "spec.behavior.scaleUp.policies: write at least one"),
        ({"behavior": {"scaleUp": {"selectPolicy": "Most"}}}, "spec.behavior.scaleUp.selectPolicy: Most"),
        ({"behavior": {"scaleDown": {"stabilizationWindowSeconds": 3601}}}, "write a whole number from 0 to 3600"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(HpaError) as caught:
        spec(**fields)
    assert said in str(caught.value)


def test_a_manifest_of_another_version_is_refused() -> None:
    with pytest.raises(HpaError, match=r"^hpa.yaml: write a HorizontalPodAutoscaler of apiVersion autoscaling/v2"):
        manifest.autoscaler({"kind": "HorizontalPodAutoscaler", "apiVersion": "autoscaling/v3"}, "hpa.yaml")
