"""Autoscalers as they are written."""

import json
from typing import Any

import pytest

from hpa import manifest
from hpa.problem import HpaError
from hpa.spec import DEFAULT_DOWN, DEFAULT_UP, Autoscaler, Metric, Policy

CPU = {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 60}}}


def resource(**fields: Any) -> dict[str, Any]:
    return {"type": "Resource", "resource": {**CPU["resource"], **fields}}  # type: ignore[dict-item]


def aimed(target: dict[str, Any]) -> dict[str, Any]:
    return resource(target=target)


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
        ({"maxReplica": 9}, "spec.maxReplica: unknown key: write one of scaleTargetRef, minReplicas"),
        ({"metrics": {"a": 1}}, "spec.metrics: {'a': 1}: write a list"),
        ({"metrics": [{**CPU, "pods": {}}]}, "spec.metrics[0].pods: a metric of type Resource has `resource` alone"),
        ({"metrics": [{**CPU, "weight": 1}]}, "spec.metrics[0].weight: unknown key"),
        ({"metrics": [resource(name="gpu")]}, "spec.metrics[0].resource.name: gpu: write one of cpu, memory"),
        ({"metrics": [aimed({"averageUtilization": 60})]}, "target.type: missing: write Utilization"),
        (
            {"metrics": [aimed({"type": "Percent", "averageUtilization": 60})]},
            "target.type: Percent: write Utilization",
        ),
        ({"metrics": [aimed({"type": "Utilization"})]}, "takes one of averageUtilization and averageValue"),
        ({"metrics": [aimed({"type": "Value", "value": "5"})]}, "a Resource metric takes averageUtilization or"),
        ({"metrics": [aimed({"type": "AverageValue", "averageValue": True})]}, "averageValue: True: write a quantity"),
        ({"metrics": [aimed({"type": "AverageValue", "averageValue": "-1m"})]}, "-1m: write more than zero"),
        ({"metrics": [aimed({"type": "AverageValue", "averageValue": "5 apples"})]}, "not a Kubernetes quantity"),
        ({"behavior": {"scaleDown": {"tolerance": "-0.1"}}}, "scaleDown.tolerance: -0.1: write at least 0"),
        ({"behavior": {"scaleDown": {"selectPolicy": ""}}}, "scaleDown.selectPolicy: : write one of Max"),
        ({"behavior": {"scaledown": {}}}, "spec.behavior.scaledown: unknown key: write one of scaleUp, scaleDown"),
        ({"scaleTargetRef": {"kind": "Deployment"}}, "spec.scaleTargetRef.name: missing"),
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


def test_what_is_null_is_what_is_left_out() -> None:
    nothing = dict.fromkeys(("minReplicas", "metrics", "behavior", "scaleTargetRef"))
    assert spec(**nothing) == manifest.from_spec({"maxReplicas": 5}, "spec")


def objects_target(target: dict[str, Any]) -> Metric:
    described = {"kind": "Service", "name": "main"}
    written = {"describedObject": described, "metric": {"name": "requests"}, "target": target}
    return spec(metrics=[{"type": "Object", "object": written}]).metrics[0]


def test_of_an_objects_two_values_the_type_takes_one() -> None:
    both = {"value": "9", "averageValue": "2"}
    assert objects_target({"type": "Value", **both}) == Metric("Object", "requests", "Value", 9000)
    assert objects_target({"type": "AverageValue", **both}) == Metric("Object", "requests", "AverageValue", 2000)
    assert objects_target({"type": "Utilization", **both}).target == "Unusable"


def test_a_type_that_is_not_the_values_is_found() -> None:
    written = aimed({"type": "Value", "averageUtilization": 60})
    assert spec(metrics=[written]).metrics == spec().metrics
    assert manifest.mismatches({"metrics": [written]}, "spec") == [
        "spec.metrics[0].resource.target.type: Value: with averageUtilization write Utilization"
    ]


@pytest.mark.parametrize(
    ("written", "tolerance"), [("0.0005", 0.0005), ("0.7", 700 * 1e-3), ("1n", 1e-9), (0.25, 0.25), ("0", 0.0)]
)
def test_a_tolerance_is_the_float_that_go_makes_of_it(written: Any, tolerance: float) -> None:
    behavior = spec(behavior={"scaleUp": {"tolerance": written}}).behavior
    assert behavior
    assert behavior.up.tolerance == tolerance


OLD_METRICS = [
    {"type": "Resource", "resource": {"name": "memory", "targetAverageValue": "200Mi"}},
    {"type": "Pods", "pods": {"metricName": "packets", "targetAverageValue": "1k"}},
    {"type": "External", "external": {"metricName": "queue", "targetValue": "30"}},
    {
        "type": "Object",
        "object": {"target": {"kind": "Service", "name": "a"}, "metricName": "hits", "targetValue": "2k"},
    },
]
NEW_METRICS = (
    Metric("Resource", "memory", "AverageValue", 200 * 2**20 * 1000),
    Metric("Pods", "packets", "AverageValue", 1_000_000),
    Metric("External", "queue", "Value", 30_000),
    Metric("Object", "hits", "Value", 2_000_000),
)


def old(version: str, annotations: dict[str, str] | None = None, **fields: Any) -> Autoscaler:
    form = {"kind": "HorizontalPodAutoscaler", "apiVersion": f"autoscaling/{version}"}
    return manifest.autoscaler({**form, "metadata": {"annotations": annotations}, "spec": fields}, "hpa.yaml")


def test_the_first_version_has_cpu_alone_and_the_rest_in_annotations() -> None:
    assert old("v1", maxReplicas=5).metrics == (Metric("Resource", "cpu", "Utilization", 80),)
    percent = Metric("Resource", "cpu", "Utilization", 50)
    assert old("v1", maxReplicas=5, targetCPUUtilizationPercentage=50).metrics == (percent,)
    kept = {
        "autoscaling.alpha.kubernetes.io/metrics": json.dumps(OLD_METRICS),
        "autoscaling.alpha.kubernetes.io/behavior": json.dumps(
            {"ScaleUp": None, "ScaleDown": {"StabilizationWindowSeconds": 60, "SelectPolicy": "Min"}}
        ),
    }
    found = old("v1", kept, maxReplicas=5, targetCPUUtilizationPercentage=50)
    assert found.metrics == (*NEW_METRICS, percent)
    assert found.behavior
    assert (found.behavior.down.window, found.behavior.down.select) == (60, "Min")


def test_the_beta_versions_are_read() -> None:
    assert old("v2beta1", maxReplicas=5, metrics=OLD_METRICS).metrics == NEW_METRICS
    assert old("v2beta2", maxReplicas=5, metrics=[CPU]) == spec()


def test_what_a_version_does_not_have_is_refused() -> None:
    with pytest.raises(
        HpaError, match=r"spec.metrics: autoscaling/v1 has no such key: write apiVersion: autoscaling/v2"
    ):
        old("v1", maxReplicas=5, metrics=[CPU])
    with pytest.raises(HpaError, match="targetCPUUtilizationPercentage: unknown key"):
        old("v2", maxReplicas=5, targetCPUUtilizationPercentage=50)
