"""KEDA in place of prometheus-adapter: the same settings and refusals, a ScaledObject that its own kind takes."""

import os
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from components.settings import Autoscaling, Settings, scaled_object
from hpa import source
from hpa.workload import Workload
from tests.unit import scaled
from tests.unit.engine import Run
from tests.unit.scaled import CPU, EXTERNAL, OBJECT, PODS, faults, model

KEDA = {"platform": {"metricsAdapter": "keda"}}
MEMORY = {"type": "ContainerResource", "name": "memory", "target": {"averageValue": "700Mi"}}
EVERY = (CPU, MEMORY, PODS, OBJECT, EXTERNAL)


def scaling(of: Settings) -> Autoscaling:
    found = of.models[0].autoscaling
    assert isinstance(found, Autoscaling)
    return found


def spec(*metrics: dict[str, Any], **autoscaling: Any) -> dict[str, Any]:
    of = scaling(scaled.settings(model(*metrics, **autoscaling), **KEDA))
    return scaled_object.spec(of, "wine", "wine-predictor", "models", "http://prometheus.test")


@pytest.fixture(scope="module")
def run() -> Run:
    return scaled.run(model(CPU, PODS), **KEDA)


def test_keda_comes_in_place_of_the_adapter(run: Run) -> None:
    names = {each.name for each in run.of("Release")}
    assert {"keda", "prometheus"} <= names
    assert "prometheus-adapter" not in names


def test_a_model_has_a_scaled_object_and_no_autoscaler_of_ours(run: Run) -> None:
    made = run.one("ScaledObject", "wine-scaled-object").inputs
    assert made["spec"]["advanced"]["horizontalPodAutoscalerConfig"]["name"] == "wine-hpa"
    assert made["spec"]["triggers"][1]["metadata"]["serverAddress"] == "http://prometheus-server.monitoring.svc"
    assert not run.of("HorizontalPodAutoscaler")


def test_cpu_and_memory_alone_need_no_keda() -> None:
    run = scaled.run(model(CPU, MEMORY), **KEDA)
    assert run.of("HorizontalPodAutoscaler")
    assert not run.of("ScaledObject")
    assert "keda" not in {each.name for each in run.of("Release")}


def test_an_existing_prometheus_is_asked() -> None:
    platform = {**KEDA["platform"], "prometheus": "existing", "prometheusUrl": "http://prometheus.example:9090"}
    made = scaled.run(model(PODS), platform=platform).one("ScaledObject", "wine-scaled-object").inputs
    assert made["spec"]["triggers"][0]["metadata"]["serverAddress"] == "http://prometheus.example:9090"


def test_each_type_of_metric_is_a_trigger() -> None:
    cpu, memory, pods, object_, external = spec(*EVERY)["triggers"]
    assert cpu == {"type": "cpu", "metricType": "Utilization", "metadata": {"value": "60"}}
    assert memory["metadata"] == {"value": "700Mi", "containerName": "kserve-container"}
    assert pods["metricType"] == "AverageValue"
    assert pods["metadata"]["threshold"] == "1000"
    assert pods["metadata"]["query"] == (
        'sum(sum(rate(rest_server_requests_total{namespace="models",pod=~"wine-predictor-.+"}[1m])) by (pod))'
    )
    assert object_["metricType"] == "Value"
    assert 'namespace="models",ingress="main-route"' in object_["metadata"]["query"]
    assert external["metadata"]["query"] == 'sum(sum(rabbitmq_queue_messages_ready{queue="worker_tasks"}))'


def test_no_value_is_not_taken_for_nothing_to_do() -> None:
    assert {each["metadata"].get("ignoreNullValues") for each in spec(PODS, EXTERNAL)["triggers"]} == {"false"}


def test_bounds_and_behavior_are_those_of_the_settings() -> None:
    behavior = {"scaleDown": {"stabilizationWindowSeconds": 60}}
    made = spec(PODS, min=2, max=7, behavior=behavior)
    assert (made["minReplicaCount"], made["maxReplicaCount"]) == (2, 7)
    assert made["advanced"]["horizontalPodAutoscalerConfig"]["behavior"] == behavior


@pytest.mark.parametrize(
    ("metric", "changes", "said"),
    [
        (PODS, {"min": 0}, "autoscaling.min: 0: KEDA could go to zero, and requests would get 503"),
        (CPU, {"min": 0}, "autoscaling.min: 0: an HPA does not go to zero"),
        (
            {**PODS, "query": 'sum(a{<<.LabelMatchers>>,b="<<index .LabelValuesByName "c">>"}) by (<<.GroupBy>>)'},
            {},
            "is a template of prometheus-adapter's",
        ),
        ({key: value for key, value in PODS.items() if key != "query"}, {}, "a metric without a source"),
    ],
)
def test_what_cannot_work_is_refused(metric: dict[str, Any], changes: dict[str, Any], said: str) -> None:
    [line] = faults(model(metric, **changes), **KEDA)
    assert said in line


def test_prometheus_off_is_refused_as_with_the_adapter() -> None:
    [line] = faults(model(PODS), platform={**KEDA["platform"], "prometheus": "off"})
    assert "platform.prometheus is off" in line


def test_the_simulator_knows_the_autoscaler_that_keda_makes(tmp_path: Path) -> None:
    file = tmp_path / "Pulumi.test.yaml"
    settings = {
        "slipway:cluster": {"kind": {"name": "test"}},
        "slipway:ingress": {"domain": "slipway.localhost"},
        "slipway:platform": KEDA["platform"],
        "slipway:models": [model(CPU, PODS)],
    }
    file.write_text(yaml.safe_dump({"config": settings}))
    [declared] = source.read(file, Workload(), {})
    cpu, pods = declared.spec["metrics"]
    assert cpu["type"] == "Resource"
    assert pods["external"]["metric"] == {
        "name": "s1-prometheus",
        "selector": {"matchLabels": {"scaledobject.keda.sh/name": "wine"}},
    }
    assert pods["external"]["target"] == {"type": "AverageValue", "averageValue": "1k"}
    assert declared.model().autoscaler.max == 3


def test_the_real_kind_takes_every_scaled_object() -> None:
    """KEDA_CRD names config/crd/bases/keda.sh_scaledobjects.yaml of kedacore/keda."""
    path = os.environ.get("KEDA_CRD")
    if not path:
        pytest.skip("KEDA_CRD names no file")
    [version] = yaml.safe_load(Path(path).read_text())["spec"]["versions"]
    schema = version["schema"]["openAPIV3Schema"]["properties"]["spec"]
    behavior = {"scaleUp": {"policies": [{"type": "Pods", "value": 2, "periodSeconds": 30}], "selectPolicy": "Min"}}
    made = spec(*EVERY, behavior=behavior)
    jsonschema.validate(made, _closed(schema))


def _closed(schema: Any) -> Any:
    """The schema as the API server takes it with strict validation: no field that it does not name."""
    if isinstance(schema, list):
        return [_closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: _closed(value) for key, value in schema.items() if not key.startswith("x-kubernetes")}
    if isinstance(schema.get("properties"), dict) and schema.get("type") == "object":
        found.setdefault("additionalProperties", False)
    return found
