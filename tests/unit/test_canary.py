"""A canary: another version of a model, at its own host first, then with a share of the model's traffic."""

from typing import Any

import pytest

from components.settings import Settings
from tests.unit import scaled
from tests.unit.engine import Run
from tests.unit.scaled import CPU, NAME, faults, knative, model, run

CANARY = {"source": "models:/wine-quality-model/2", "percent": 20}
FIXED = {"name": NAME, "source": "models:/wine-quality-model/1", "train": "model/train.py", "replicas": 10}


def with_canary(of: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {**of, "canary": {**CANARY, **changes}}


def canary_of(settings: Settings) -> Any:
    return settings.models[0].canary_model


@pytest.fixture(scope="module")
def fixed() -> Run:
    return run(with_canary(FIXED))


def test_it_is_served_beside_the_model_as_a_model_of_its_own(fixed: Run) -> None:
    by_name = {each.inputs["metadata"]["name"]: each.inputs["spec"] for each in fixed.of("InferenceService")}
    assert set(by_name) == {NAME, f"{NAME}-canary"}
    assert by_name[NAME]["predictor"]["minReplicas"] == 10
    assert by_name[f"{NAME}-canary"]["predictor"]["minReplicas"] == 2


@pytest.mark.parametrize(("replicas", "percent", "pods"), [(1, 1, 1), (10, 20, 2), (10, 21, 3), (3, 99, 3)])
def test_fixed_replicas_get_the_share_of_the_traffic_rounded_up(replicas: int, percent: int, pods: int) -> None:
    settings = scaled.settings(with_canary({**FIXED, "replicas": replicas}, percent=percent))
    assert canary_of(settings).replicas == pods


def test_autoscaled_versions_each_have_their_autoscaler_with_the_bounds_shared() -> None:
    both = run(with_canary(model(CPU, min=2, max=10)))
    bounds = {
        each.inputs["metadata"]["name"]: (each.inputs["spec"]["minReplicas"], each.inputs["spec"]["maxReplicas"])
        for each in both.of("HorizontalPodAutoscaler")
    }
    assert bounds == {f"{NAME}-hpa": (2, 10), f"{NAME}-canary-hpa": (1, 2)}


def test_a_knative_canary_may_still_go_to_zero() -> None:
    scaling = canary_of(scaled.settings(with_canary(knative(**{"class": "kpa"}, min=0)))).autoscaling
    assert (scaling.min, scaling.max) == (0, 1)


def test_versions_are_trained_in_the_order_of_their_numbers(fixed: Run) -> None:
    assert f"{NAME}-train" in fixed.one("Job", f"{NAME}-canary-train").dependencies


def test_a_version_that_two_models_ask_for_is_trained_once_and_both_wait_for_it() -> None:
    both = run(with_canary(FIXED), {**FIXED, "name": "beer", "source": CANARY["source"]})
    assert {job.name for job in both.of("Job") if "train" in job.name} == {f"{NAME}-train", "beer-train"}
    assert f"{NAME}-train" in both.one("Job", "beer-train").dependencies
    for name in ("beer", f"{NAME}-canary"):
        assert "beer-train" in both.one("ModelFiles", f"{name}-files").dependencies


def test_different_models_are_trained_at_the_same_time() -> None:
    both = run(FIXED, {**FIXED, "name": "beer", "source": "models:/beer-model/2"})
    assert f"{NAME}-train" not in both.one("Job", "beer-train").dependencies


def test_both_versions_are_one_repository_of_the_registry(fixed: Run) -> None:
    assert {each.inputs["repository"] for each in fixed.of("ModelFiles")} == {f"localhost:5001/{NAME}"}


def test_the_canary_answers_at_its_own_host_and_the_model_on_both_tracks(fixed: Run) -> None:
    [own] = fixed.one("Predictions", f"{NAME}-canary-prediction").inputs["questions"].values()
    assert own["host"] == f"{NAME}-canary-models.slipway.localhost"
    assert "canary" not in own
    assert fixed.one("Predictions", "predictions").inputs["questions"][NAME]["canary"] == "1"


def test_a_model_without_a_canary_proves_that_none_has_a_share() -> None:
    assert run(FIXED).one("Predictions", "predictions").inputs["questions"][NAME]["canary"] == "1"


def test_the_outputs_tell_both_versions(fixed: Run) -> None:
    told = fixed.outputs["models"][NAME]
    assert told["canary"]["percent"] == 20
    assert told["canary"]["host"] == f"{NAME}-canary-models.slipway.localhost"
    assert f"{NAME}-canary" not in fixed.outputs["models"]


def routes_of(run: Run, name: str) -> dict[str, Any]:
    spec = run.one("VirtualService", f"{name}-route").inputs["spec"]
    return {each["name"]: each for each in spec["http"]}


def weights(route: Any) -> dict[str, int]:
    return {each["destination"]["host"].partition(".")[0]: each["weight"] for each in route["route"]}


def test_requests_are_split_by_the_percentage(fixed: Run) -> None:
    routes = routes_of(fixed, NAME)
    assert list(routes) == ["stable", "canary", "model", "not-found"]
    assert weights(routes["model"]) == {f"{NAME}-predictor": 80, f"{NAME}-canary-predictor": 20}


@pytest.mark.parametrize(("track", "service"), [("stable", NAME), ("canary", f"{NAME}-canary")])
def test_a_request_may_ask_for_a_version_on_the_same_paths_and_no_others(fixed: Run, track: str, service: str) -> None:
    routes = routes_of(fixed, NAME)
    assert weights(routes[track]) == {f"{service}-predictor": 100}
    plain = [each["uri"] for each in routes["model"]["match"]]
    assert [each["uri"] for each in routes[track]["match"]] == plain
    assert {str(each["headers"]) for each in routes[track]["match"]} == {str({"x-slipway-version": {"exact": track}})}


def test_without_a_canary_the_header_means_nothing() -> None:
    assert list(routes_of(run(FIXED), NAME)) == ["model", "not-found"]


def test_the_canary_has_answered_before_it_gets_a_share(fixed: Run) -> None:
    assert f"{NAME}-canary-prediction" in fixed.one("VirtualService", f"{NAME}-route").dependencies
    assert f"{NAME}-canary-prediction" not in fixed.one("VirtualService", f"{NAME}-canary-route").dependencies


def test_knatives_gateway_is_told_which_version_by_the_host() -> None:
    both = run(with_canary(knative(**{"class": "kpa"})))
    hosts = {each["headers"]["request"]["set"]["Host"] for each in routes_of(both, NAME)["model"]["route"]}
    assert hosts == {f"{name}-predictor.models.svc.cluster.local" for name in (NAME, f"{NAME}-canary")}


def test_knative_can_shift_the_requests_to_a_new_version_by_itself() -> None:
    service = run({**knative(**{"class": "kpa"}), "rolloutSeconds": 300}).one("InferenceService")
    assert service.inputs["metadata"]["annotations"]["serving.knative.dev/rollout-duration"] == "300s"


def test_the_gateway_serves_the_canarys_host_too(fixed: Run) -> None:
    [server] = fixed.one("Gateway", "gateway").inputs["spec"]["servers"]
    assert f"models/{NAME}-canary-models.slipway.localhost" in server["hosts"]


@pytest.mark.parametrize(
    ("models", "sections", "line"),
    [
        ([with_canary(FIXED, percent=100)], {}, "models[0].canary.percent: 100: write at most 99"),
        (
            [with_canary(FIXED, source=FIXED["source"])],
            {},
            "models[0].canary.source: 'models:/wine-quality-model/1': the model's own source; write the other",
        ),
        (
            [with_canary({**FIXED, "name": "w" * 34})],
            {},
            f"models[0].name: '{'w' * 34}': write at most 33 characters: KServe puts it into labels of 63",
        ),
        (
            [with_canary(FIXED), {**FIXED, "name": f"{NAME}-canary"}],
            {},
            "models[1].name: 'wine-canary': the canary of another model has this name; write another",
        ),
        (
            [with_canary(FIXED, source="no/folder")],
            {},
            "models[0].canary.source: 'no/folder': no MLmodel file in that folder",
        ),
        (
            [with_canary(FIXED, train="no.py")],
            {},
            "models[0].canary.train: 'no.py': no such file",
        ),
        (
            [FIXED, {**FIXED, "name": "beer", "train": {"script": "model/train.py", "args": ["--alpha", "2"]}}],
            {},
            "models[1].train: 'model/train.py': models:/wine-quality-model/1 is trained otherwise above; write the",
        ),
        (
            [{**FIXED, "rolloutSeconds": 300}],
            {},
            "models[0].rolloutSeconds: 300: Knative takes over bit by bit; write mode: Knative, or a canary",
        ),
        (
            [with_canary(FIXED)],
            {"platform": {"mesh": "off", "serverless": "off"}},
            "models[0].canary: Istio splits the traffic; write platform.mesh: install or existing",
        ),
    ],
)
def test_what_cannot_be_is_refused(models: list[Any], sections: dict[str, Any], line: str) -> None:
    found = faults(*models, **sections)
    assert [each for each in found if each.startswith(f"slipway:{line}")], found
