"""The model's image, its InferenceService, its autoscaler and its gate."""

import os
from pathlib import Path
from typing import Any

import pytest

from components.dynamic.model_files import build_args
from components.dynamic.predictions import PredictionsProvider
from components.serving.plan import Plan
from tests.unit.engine import Run, run_stack

NAME = "mlflow-wine-classifier"
DIGEST = f"localhost:5001/{NAME}@sha256:{'0' * 64}"


@pytest.fixture(scope="module")
def dev() -> Run:
    return run_stack("dev")


def model(**changes: Any) -> dict[str, Any]:
    return {"models": [{"name": NAME, "source": "models:/wine-quality-model/1", **changes}]}


def test_the_image_is_built_from_the_models_files_and_pushed_to_the_clusters_registry(dev: Run) -> None:
    files = dev.one("ModelFiles").inputs
    assert files["repository"] == f"localhost:5001/{NAME}"
    assert "registry_server" not in files


def test_nothing_that_is_known_of_an_image_is_of_this_machine(dev: Run) -> None:
    assert str(Path.cwd()) not in str(dev.one("ModelFiles").raw)


def test_a_registry_with_a_password_gets_it_as_a_secret() -> None:
    registry = {"address": "registry.test:5000/team", "username": "u", "password": "s3cret"}
    files = run_stack("prod", {"registry": registry}).one("ModelFiles")
    login = {key: files.hidden[f"registry_{key}"] for key in ("server", "username", "password")}
    assert login == {"server": "registry.test:5000", "username": "u", "password": "[secret]"}
    assert "registry_password" in files.secret_outputs


def test_a_package_index_goes_into_the_build() -> None:
    files = run_stack("dev", {"build": {"packageIndex": "https://pypi.test/simple"}}).one("ModelFiles")
    said = build_args(files.inputs, Plan(python="3.11", server="mlserver", reason=None))
    assert said["PIP_INDEX_URL"] == "https://pypi.test/simple"


def test_the_model_is_served_by_its_digest_on_the_v2_protocol(dev: Run) -> None:
    service = dev.one("InferenceService")
    predictor = service.inputs["spec"]["predictor"]
    [container] = predictor["containers"]
    assert container["image"] == DIGEST
    assert {"name": "PROTOCOL", "value": "v2"} in container["env"]
    assert {"name": "MLSERVER_MODEL_VERSION", "value": "1"} in container["env"]
    assert container["readinessProbe"]["httpGet"] == {"path": "/v2/models/mlflow-model/ready", "port": 8080}
    assert container["resources"]["requests"] == {"cpu": "100m", "memory": "512Mi"}
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert predictor["annotations"]["prometheus.io/port"] == "8082"


def test_a_pod_that_is_to_go_serves_until_the_gateway_knows(dev: Run) -> None:
    [container] = dev.one("InferenceService").inputs["spec"]["predictor"]["containers"]
    seconds = container["lifecycle"]["preStop"]["sleep"]["seconds"]
    # Of the 30 s that Kubernetes gives a pod the rest is for what it is asked last.
    assert 5 <= seconds <= 20


def test_knative_lets_a_pod_serve_on_by_itself_and_would_refuse_ours() -> None:
    [container] = (
        run_stack("dev", model(mode="Knative")).one("InferenceService").inputs["spec"]["predictor"]["containers"]
    )
    assert "lifecycle" not in container


def test_with_an_autoscaler_of_ours_kserve_neither_scales_nor_fixes_the_count(dev: Run) -> None:
    service = dev.one("InferenceService")
    annotations = service.inputs["metadata"]["annotations"]
    assert annotations["serving.kserve.io/autoscalerClass"] == "external"
    assert "minReplicas" not in service.inputs["spec"]["predictor"]


def test_a_fixed_count_is_held_by_kserve() -> None:
    service = run_stack("dev", model(replicas=2)).one("InferenceService")
    assert service.inputs["metadata"]["annotations"]["serving.kserve.io/autoscalerClass"] == "none"
    predictor = service.inputs["spec"]["predictor"]
    assert (predictor["minReplicas"], predictor["maxReplicas"]) == (2, 2)


def test_a_model_in_knative_mode_has_the_same_host_and_no_autoscaler_of_ours() -> None:
    run = run_stack("dev", model(mode="Knative"))
    annotations = run.one("InferenceService").inputs["metadata"]["annotations"]
    assert annotations == {"serving.kserve.io/deploymentMode": "Knative"}
    assert not run.of("HorizontalPodAutoscaler")
    assert asked(run)["host"] == f"{NAME}-models.slipway.localhost"


def test_the_hpa_scales_the_predictor_under_a_name_that_kserve_leaves_alone(dev: Run) -> None:
    hpa = dev.one("HorizontalPodAutoscaler").inputs
    assert hpa["metadata"]["name"] == f"{NAME}-hpa"
    assert hpa["spec"] == {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": f"{NAME}-predictor"},
        "minReplicas": 1,
        "maxReplicas": 3,
        "metrics": [
            {
                "type": "Resource",
                "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 60}},
            }
        ],
        "behavior": {"scaleDown": {"stabilizationWindowSeconds": 60}},
    }


def test_one_container_can_be_what_counts() -> None:
    metric = {"type": "ContainerResource", "name": "memory", "container": "kserve-container"}
    autoscaling = {"max": 2, "metrics": [{**metric, "target": {"averageValue": "500Mi"}}]}
    hpa = run_stack("dev", model(autoscaling=autoscaling)).one("HorizontalPodAutoscaler").inputs
    assert hpa["spec"]["metrics"] == [
        {
            "type": "ContainerResource",
            "containerResource": {
                "name": "memory",
                "container": "kserve-container",
                "target": {"type": "AverageValue", "averageValue": "500Mi"},
            },
        }
    ]


def asked(run: Run) -> dict[str, Any]:
    """What the model is asked at the end."""
    return dict(run.one("Predictions", "predictions").inputs["questions"][NAME])


def test_up_ends_with_a_prediction_through_the_ingress(dev: Run) -> None:
    gate = dev.one("Predictions", "predictions")
    assert gate.inputs["address"] == "127.0.0.1:8080"
    assert gate.inputs["path"] == "/v2/models/mlflow-model/infer"
    assert asked(dev)["host"] == f"{NAME}-models.slipway.localhost"
    assert asked(dev)["image"] == DIGEST
    assert {NAME, f"{NAME}-route"} <= gate.dependencies
    assert "gateway" in dev.one("VirtualService", f"{NAME}-route").dependencies
    assert "istio-gateway" in dev.one("Gateway", "gateway").dependencies


def test_another_setting_of_the_model_is_proven_by_another_prediction(dev: Run) -> None:
    before = dev.one("Predictions", "predictions").inputs
    after = run_stack("dev", model(replicas=2)).one("Predictions", "predictions").inputs
    assert PredictionsProvider().diff("answers", before, after).changes
    assert not PredictionsProvider().diff("answers", before, before).changes


def test_one_gate_asks_all_models_when_all_of_them_are_served() -> None:
    [given] = model()["models"]
    run = run_stack("dev", {"models": [given, {**given, "name": "beer"}]})
    gate = run.one("Predictions")
    assert set(gate.inputs["questions"]) == {NAME, "beer"}
    assert {NAME, f"{NAME}-route", "beer", "beer-route"} <= gate.dependencies
    assert set(run.outputs["models"]["beer"]) >= {"url", "answer", "curl", "host", "version"}
    assert not run_stack("dev", {"models": []}).of("Predictions")


def test_a_prod_model_is_asked_at_its_own_host() -> None:
    run = run_stack("prod")
    assert "address" not in run.one("Predictions", "predictions").inputs
    assert asked(run)["host"] == f"{NAME}-models.models.example.com"


def test_a_local_model_folder_needs_neither_mlflow_nor_training(tmp_path: Any) -> None:
    (tmp_path / "MLmodel").write_text("{}")
    run = run_stack("dev", {"models": [{"name": NAME, "source": os.path.relpath(tmp_path)}]})
    files = run.one("ModelFiles", f"{NAME}-files")
    assert "tracking_uri" not in files.inputs
    assert not [job for job in run.of("Job") if "train" in job.name]


def test_a_preview_says_why_another_server_serves_a_model(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr("pulumi.info", lambda message, *_: said.append(message))
    (tmp_path / "MLmodel").write_text("{}")
    (tmp_path / "python_env.yaml").write_text("python: 3.13.1\n")
    run_stack("dev", {"models": [{"name": NAME, "source": os.path.relpath(tmp_path)}]})
    assert said == [
        f"{NAME} is served by KServe's Python server: Python 3.13 is later than MLServer's last, 3.12",
    ]
