"""What scales a model, as it reaches the cluster."""

from typing import Any

import pytest

from components.settings import Autoscaling
from components.settings.autoscaler_manifest import metric, spec
from tests.unit.scaled import CPU, EXTERNAL, MUTUAL_TLS, OBJECT, PODS, knative, model, run, settings


def rendered(written: dict[str, Any], **sections: Any) -> dict[str, Any]:
    scaling = settings(model(written), **sections).models[0].autoscaling
    assert isinstance(scaling, Autoscaling)
    return metric(scaling.declared[0])


@pytest.mark.parametrize("name", ["cpu", "memory"])
def test_a_resource_is_measured_in_percent_of_the_request_or_as_an_amount(name: str) -> None:
    percent = rendered({"type": "Resource", "name": name, "target": {"averageUtilization": 60}})
    assert percent["resource"] == {"name": name, "target": {"type": "Utilization", "averageUtilization": 60}}
    amount = rendered({"type": "Resource", "name": name, "target": {"averageValue": "500Mi"}})
    assert amount["resource"] == {"name": name, "target": {"type": "AverageValue", "averageValue": "500Mi"}}


def test_a_container_resource_is_that_of_the_models_container_unless_another_is_named() -> None:
    written = {"type": "ContainerResource", "name": "cpu", "target": {"averageUtilization": 60}}
    assert rendered(written) == {
        "type": "ContainerResource",
        "containerResource": {
            "name": "cpu",
            "container": "kserve-container",
            "target": {"type": "Utilization", "averageUtilization": 60},
        },
    }
    sidecar = settings(model({**written, "container": "istio-proxy"}), **MUTUAL_TLS).models[0].autoscaling
    assert isinstance(sidecar, Autoscaling)
    assert spec(sidecar, "wine-predictor")["metrics"][0]["containerResource"]["container"] == "istio-proxy"


def test_a_pods_metric_has_an_average_value() -> None:
    assert rendered(PODS) == {
        "type": "Pods",
        "pods": {
            "metric": {"name": "packets-per-second"},
            "target": {"type": "AverageValue", "averageValue": "1k"},
        },
    }


def test_an_object_metric_describes_its_object() -> None:
    assert rendered(OBJECT) == {
        "type": "Object",
        "object": {
            "describedObject": {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "name": "main-route"},
            "metric": {"name": "requests-per-second"},
            "target": {"type": "Value", "value": "2k"},
        },
    }


def test_an_object_metric_can_be_selected_and_divided_among_the_pods() -> None:
    written = {**OBJECT, "name": "http_requests", "selector": {"verb": "GET"}, "target": {"averageValue": 500}}
    written["of"] = {"kind": "Route", "name": "main", "apiVersion": "serving.knative.dev/v1"}
    found = rendered(written)["object"]
    assert found["metric"] == {"name": "http_requests", "selector": {"matchLabels": {"verb": "GET"}}}
    assert found["target"] == {"type": "AverageValue", "averageValue": "500"}
    assert found["describedObject"]["apiVersion"] == "serving.knative.dev/v1"


def test_an_external_metric_is_found_by_its_labels() -> None:
    assert rendered(EXTERNAL) == {
        "type": "External",
        "external": {
            "metric": {"name": "queue_messages_ready", "selector": {"matchLabels": {"queue": "worker_tasks"}}},
            "target": {"type": "AverageValue", "averageValue": "30"},
        },
    }


def test_any_number_of_metrics_stand_together_in_their_order() -> None:
    hpa = run(model(CPU, PODS, OBJECT, EXTERNAL)).one("HorizontalPodAutoscaler").inputs
    assert [entry["type"] for entry in hpa["spec"]["metrics"]] == ["Resource", "Pods", "Object", "External"]


def test_the_form_of_v1_becomes_its_equal_in_v2() -> None:
    old = run(model(targetCPUUtilizationPercentage=60)).one("HorizontalPodAutoscaler").inputs
    assert old["spec"] == run(model(CPU)).one("HorizontalPodAutoscaler").inputs["spec"]


def test_behavior_goes_to_the_cluster_as_it_is_written() -> None:
    behavior = {
        "scaleUp": {
            "stabilizationWindowSeconds": 0,
            "selectPolicy": "Min",
            "policies": [{"type": "Pods", "value": 2, "periodSeconds": 30}],
            "tolerance": "0.05",
        },
        "scaleDown": {"policies": [{"type": "Percent", "value": 50, "periodSeconds": 60}]},
    }
    cluster = {"kind": {"name": "test", "nodeImage": "kindest/node:v1.35.0"}, "kubernetes": "1.35"}
    scaling = settings(model(CPU, behavior=behavior), cluster=cluster).models[0].autoscaling
    assert isinstance(scaling, Autoscaling)
    assert spec(scaling, "wine-predictor")["behavior"] == behavior


@pytest.mark.parametrize(
    ("written", "annotations", "counts"),
    [
        ({"class": "kpa", "min": 0}, {"class": "kpa.autoscaling.knative.dev", "metric": "concurrency"}, (0, 3)),
        (
            {"class": "kpa", "metric": "rps", "target": 10},
            {"class": "kpa.autoscaling.knative.dev", "metric": "rps", "target": "10"},
            (1, 3),
        ),
        (
            {"class": "hpa", "metric": "memory", "target": 700, "min": 2},
            {"class": "hpa.autoscaling.knative.dev", "metric": "memory", "target": "700"},
            (2, 3),
        ),
        ({"class": "hpa"}, {"class": "hpa.autoscaling.knative.dev", "metric": "cpu"}, (1, 3)),
    ],
)
def test_a_class_of_knatives_scales_its_own_revisions(
    written: dict[str, Any], annotations: dict[str, str], counts: tuple[int, int]
) -> None:
    done = run(knative(**written))
    service = done.one("InferenceService").inputs
    prefix = "autoscaling.knative.dev/"
    found = {key.removeprefix(prefix): v for key, v in service["metadata"]["annotations"].items() if prefix in key}
    assert found == annotations
    predictor = service["spec"]["predictor"]
    assert (predictor["minReplicas"], predictor["maxReplicas"]) == counts
    assert not done.of("HorizontalPodAutoscaler")
