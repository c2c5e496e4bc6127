"""Every verb of Pulumi on the local stack: the real engine, the real API server, the real model.

The tests are one story and run in their order.
"""

import json
from typing import Any

import pytest
from pulumi import automation

from tests.embedded.conftest import Checkout
from tools.embedded import summary

pytestmark = pytest.mark.embedded

MODEL = "mlflow-wine-classifier"


@pytest.fixture(scope="module")
def local(checkout: Checkout, local_config: dict[str, Any]) -> automation.Stack:
    return checkout.stack("local", local_config)


def changes(summary_: automation.UpdateSummary) -> dict[str, int]:
    """What was done to how many resources, without those that stayed as they are."""
    return {str(op): count for op, count in (summary_.resource_changes or {}).items() if op != "same"}


def test_a_preview_creates_nothing(checkout: Checkout, local: automation.Stack) -> None:
    planned = local.preview().change_summary
    assert planned[automation.OpType.CREATE] > 20
    assert not {name for name in checkout.names("namespaces") if name.endswith(("/mlops", "/models"))}


def test_up_ends_with_the_model_s_prediction(local: automation.Stack) -> None:
    done = local.up()
    assert set(changes(done.summary)) == {"create"}
    model = done.outputs["models"].value[MODEL]
    example, answer = json.loads(model["example"]), json.loads(model["answer"])
    assert answer["outputs"][0]["data"] == pytest.approx(example["outputs"], abs=1e-6)
    assert answer["model_version"] == "1"


def test_the_model_s_objects_are_on_the_cluster(checkout: Checkout) -> None:
    assert checkout.names("inferenceservices") == {f"models/{MODEL}"}
    assert checkout.names("hpa") == {f"models/{MODEL}-hpa"}
    assert checkout.names("virtualservices") == {f"models/{MODEL}-route", "mlops/mlflow-route"}
    scaled = checkout.kubectl(
        "get", "hpa", "--namespace=models", "--output=jsonpath={.items[0].spec.scaleTargetRef.name}"
    )
    assert scaled == f"{MODEL}-predictor"


def test_pods_are_ready_and_jobs_complete(checkout: Checkout) -> None:
    deployments = json.loads(checkout.kubectl("get", "deployments,statefulsets", "--namespace=mlops", "--output=json"))
    assert len(deployments["items"]) == 3
    assert all(each["status"]["readyReplicas"] == each["spec"]["replicas"] for each in deployments["items"])
    jobs = json.loads(checkout.kubectl("get", "jobs", "--namespace=mlops", "--output=json"))["items"]
    assert len(jobs) == 2
    assert all(each["status"]["succeeded"] == 1 for each in jobs)


def test_a_plain_vector_is_refused_with_what_the_model_takes(local: automation.Stack) -> None:
    said = summary.refusal(local.outputs()["models"].value[MODEL])
    assert said.startswith("the model answered 400")
    assert "shape [-1, 13]" in said


def test_up_again_changes_nothing(local: automation.Stack) -> None:
    assert changes(local.up().summary) == {}


def test_drift_is_found_without_a_word_to_the_state(checkout: Checkout, local: automation.Stack) -> None:
    local.preview(refresh=True, expect_no_changes=True)
    checkout.kubectl("delete", "virtualservice", "mlflow-route", "--namespace=mlops")
    with pytest.raises(automation.CommandError, match="no changes were expected"):
        local.preview(refresh=True, expect_no_changes=True)
    local.up(refresh=True)
    assert "mlops/mlflow-route" in checkout.names("virtualservices")


def test_a_refresh_finds_what_was_deleted_and_up_restores_it(checkout: Checkout, local: automation.Stack) -> None:
    checkout.kubectl("delete", "deployment", "mlflow", "--namespace=mlops")
    assert changes(local.refresh().summary) == {"delete": 1}
    assert changes(local.up().summary) == {"create": 1}
    assert "mlops/mlflow" in checkout.names("deployments")


def test_destroy_leaves_nothing(checkout: Checkout, local: automation.Stack) -> None:
    local.destroy()
    own = (
        "namespaces",
        "deployments",
        "statefulsets",
        "jobs",
        "pods",
        "pvc",
        "secrets",
        "gateways",
        "virtualservices",
        "hpa",
        "isvc",
    )
    left = {kind: checkout.names(kind) for kind in own}
    system = {"/default", "/kube-node-lease", "/kube-public", "/kube-system", "/istio-ingress"}
    assert left.pop("namespaces") == system
    assert not {kind: names for kind, names in left.items() if names}
    assert not local.export_stack().deployment.get("resources")  # type: ignore[union-attr]
