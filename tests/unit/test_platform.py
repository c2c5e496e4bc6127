"""Charts, images and the platform's order."""

import os
import re
from pathlib import Path

import pytest
import yaml

from components.clients.process import run as command
from components.kubernetes.charts import Charts
from components.settings import versions
from components.settings.charts import ChartOverride
from components.settings.images import Images, qualified
from components.settings.merge import merged
from tests.unit.engine import Registration, Run, run_stack
from tools import stack_file


@pytest.fixture(scope="module")
def dev() -> Run:
    return run_stack("dev")


def test_values_are_merged_key_by_key_and_lists_whole() -> None:
    base = {"a": {"b": 1, "c": [1, 2]}, "d": 1}
    assert merged(base, {"a": {"c": [3]}, "d": {"e": 1}}) == {"a": {"b": 1, "c": [3]}, "d": {"e": 1}}
    assert base == {"a": {"b": 1, "c": [1, 2]}, "d": 1}


def test_a_stack_overrides_chart_version_and_values_over_the_pin(tmp_path: Path) -> None:
    (chart := tmp_path / "kserve-crd.tgz").touch()
    run = run_stack(
        "dev",
        {
            "charts": {
                "istiod": {"version": "1.29.0", "values": {"resources": {"requests": {"cpu": "1"}}}},
                "kserve-crd": {"chart": os.path.relpath(chart)},
                "cert-manager": {"repository": "https://charts.example.com"},
            }
        },
    )
    istiod = run.one("Release", "istiod").inputs
    assert istiod["version"] == "1.29.0"
    assert istiod["values"]["tag"] == "1.29.0"
    assert istiod["values"]["resources"]["requests"] == {"cpu": "1", "memory": "256Mi"}
    crd = run.one("Release", "kserve-crd").inputs
    assert crd["chart"] == os.path.relpath(chart)
    assert "repositoryOpts" not in crd
    assert run.one("Release", "cert-manager").inputs["repositoryOpts"] == {"repo": "https://charts.example.com"}


def test_every_release_has_an_exact_version_a_name_a_namespace_and_waits(dev: Run) -> None:
    releases = dev.of("Release")
    assert len(releases) == 8
    for release in releases:
        assert re.fullmatch(r"v?\d+\.\d+\.\d+", release.inputs["version"]), release
        assert release.inputs["name"]
        assert release.inputs["namespace"]
        assert release.inputs["timeout"] >= 300
        assert not release.inputs.get("skipAwait"), release


def test_the_gateway_has_the_name_that_knative_selects_and_the_ports_that_kind_maps(dev: Run) -> None:
    gateway = dev.one("Release", "istio-gateway").inputs
    assert gateway["name"] == "istio-ingressgateway"
    ports = {port["name"]: port.get("nodePort") for port in gateway["values"]["service"]["ports"]}
    assert ports == {"status-port": None, "http2": 30080, "https": 30443}


def test_the_platform_starts_in_the_order_that_its_parts_need(dev: Run) -> None:
    def after(kind: str, name: str) -> set[str]:
        return dev.one(kind, name).dependencies

    assert "istio-base" in after("Release", "istiod")
    assert "istiod" in after("Release", "istio-gateway")
    assert {"knative-operator", "istiod"} <= after("KnativeServing", "knative-serving")
    assert {"kserve-crd", "cert-manager", "istiod", "knative-crds"} <= after("Release", "kserve-resources")
    assert "kserve-resources" in after("InferenceService", "mlflow-wine-classifier")


def test_a_model_waits_for_knative_where_knative_runs_its_pods(dev: Run) -> None:
    assert "knative-serving" not in dev.one("InferenceService").dependencies
    values = stack_file.settings_of(yaml.safe_load(Path("Pulumi.dev.yaml").read_text()))
    [model] = values["models"]
    knative = {name: value for name, value in model.items() if name != "autoscaling"} | {"mode": "Knative"}
    assert "knative-serving" in run_stack("dev", {"models": [knative]}).one("InferenceService").dependencies


def needed(run: Run, kind: str, name: str) -> set[str]:
    """All that must be there before, as `Kind name`."""
    by_name: dict[str, list[Registration]] = {}
    for each in run.all:
        if each.custom:
            by_name.setdefault(each.name, []).append(each)
    found: set[str] = set()
    waiting = [*run.one(kind, name).dependencies]
    while waiting:
        for each in by_name.get(waiting.pop(), []):
            if (said := f"{each.kind} {each.name}") not in found:
                found.add(said)
                waiting += each.dependencies
    return found


def test_the_model_is_trained_and_its_image_built_while_the_platform_comes_up(dev: Run) -> None:
    trained = needed(dev, "Job", "mlflow-wine-classifier-train")
    brought = needed(dev, "ModelFiles", "mlflow-wine-classifier-files")
    assert "Deployment mlflow" in trained
    assert not {each for each in trained if each.startswith(("Release", "KnativeServing", "CrdWait"))}
    # MLflow is reached through the gateway from here: that far, and no further.
    releases = {each for each in brought if each.startswith(("Release", "KnativeServing"))}
    assert releases == {"Release istio-base", "Release istiod", "Release istio-gateway"}


def test_nothing_waits_for_what_only_measures_pods(dev: Run) -> None:
    assert not [each.name for each in dev.all if each.custom and "metrics-server" in each.dependencies]


def test_what_can_start_together_does(dev: Run) -> None:
    waits = {"certificates", "mesh", "cert-manager", "istio-base", "istiod", "kserve-crd", "knative-operator"}
    for name in ("cert-manager", "istio-base", "knative-operator", "kserve-crd", "metrics-server"):
        assert not dev.one("Release", name).dependencies & waits - {name}
    for kind, name in (("StatefulSet", "postgres"), ("StatefulSet", "object-store"), ("Deployment", "mlflow")):
        assert not dev.one(kind, name).dependencies & waits


def test_knative_spec_takes_the_stacks_word_over_ours() -> None:
    run = run_stack("dev", {"knativeServing": {"version": "1.21.2", "high-availability": {"replicas": 2}}})
    spec = run.one("KnativeServing").inputs["spec"]
    assert (spec["version"], spec["high-availability"]) == ("1.21.2", {"replicas": 2})
    assert spec["config"]["domain"] == {"svc.cluster.local": ""}
    assert spec["config"]["observability"] == {"metrics-protocol": "prometheus"}
    skipped = spec["config"]["deployment"]["registries-skipping-tag-resolving"].split(",")
    assert {"kind.local", "ko.local", "dev.local", "localhost:5001"} == set(skipped)


def test_a_part_that_is_there_or_not_wanted_is_not_installed() -> None:
    parts = dict.fromkeys(("certificates", "mesh", "serverless", "serving", "metricsServer"), "existing")
    run = run_stack("dev", {"platform": parts, "charts": {}})
    assert not run.of("Release")
    assert not run.of("KnativeServing")
    assert run.of("InferenceService")


def test_runtimes_come_after_the_controller_and_only_when_asked_for(dev: Run) -> None:
    assert not [release for release in dev.of("Release") if release.name == "kserve-runtime-configs"]
    run = run_stack("dev", {"platform": {"servingRuntimes": True}})
    assert "kserve-webhook" in run.one("Release", "kserve-runtime-configs").dependencies


MANAGER = """\
      - livenessProbe:
          failureThreshold: 5
          httpGet:
            path: /healthz
            port: 8081
          initialDelaySeconds: 30
          timeoutSeconds: 5
        name: manager
        readinessProbe:
          failureThreshold: 5
          httpGet:
            path: /readyz
            port: 8081
          initialDelaySeconds: 30
          periodSeconds: 5
          timeoutSeconds: 5
        resources: {}
---
kind: Service
"""


def post_rendered(run: Run, manifests: str) -> str:
    program = Path(run.one("Release", "kserve-resources").inputs["postrender"])
    assert not program.is_absolute(), "the state is for every machine"
    return command([str(program.absolute())], stdin=manifests)


def test_kserves_manager_is_asked_from_its_first_second_on_and_not_half_a_minute_later(dev: Run) -> None:
    before, rendered = (next(yaml.safe_load_all(text))[0] for text in (MANAGER, post_rendered(dev, MANAGER)))
    asked = before["readinessProbe"]["httpGet"]
    assert rendered.pop("startupProbe") == {
        "httpGet": asked,
        "periodSeconds": 1,
        "failureThreshold": 120,
        "timeoutSeconds": 5,
    }
    assert rendered.pop("readinessProbe") == {
        "httpGet": asked,
        "periodSeconds": 5,
        "failureThreshold": 5,
        "timeoutSeconds": 5,
    }
    assert rendered == {key: value for key, value in before.items() if key != "readinessProbe"}


@pytest.mark.parametrize(
    "manifests",
    [
        MANAGER.replace("          initialDelaySeconds: 30\n          periodSeconds", "          periodSeconds"),
        "kind: ConfigMap\ndata:\n  text: |-\n    readinessProbe:\n\n    initialDelaySeconds: 30\n",
        "readinessProbe:\n  httpGet: {}\n",
        "",
    ],
    ids=["without a delay", "a text", "at the end", "nothing"],
)
def test_manifests_without_a_late_readiness_go_through_as_they_are(dev: Run, manifests: str) -> None:
    assert post_rendered(dev, manifests) == manifests


def test_models_wait_until_the_cluster_reaches_kserves_webhook(dev: Run) -> None:
    assert "kserve-resources" in dev.one("AdmissionWait", "kserve-webhook").dependencies
    assert "kserve-webhook" in dev.one("InferenceService", "mlflow-wine-classifier").dependencies
    asked = dev.one("AdmissionWait", "kserve-webhook").inputs
    assert asked["path"] == "/apis/serving.kserve.io/v1beta1/namespaces/kserve/inferenceservices"
    assert asked["version"] == versions.CHARTS["kserve-resources"].version
    assert not run_stack("local").of("AdmissionWait")


@pytest.mark.parametrize(
    ("short", "full"),
    [
        ("postgres:17", "docker.io/library/postgres:17"),
        ("istio/pilot:1", "docker.io/istio/pilot:1"),
        ("quay.io/minio/minio:1", "quay.io/minio/minio:1"),
        ("localhost:5001/x@sha256:1", "localhost:5001/x@sha256:1"),
    ],
)
def test_a_reference_is_read_as_docker_reads_it(short: str, full: str) -> None:
    assert qualified(short) == full


def test_one_key_moves_every_image_to_the_mirror() -> None:
    run = run_stack("dev", {"imageMirror": "mirror.test/all"})
    images = [value for entry in run.all if entry.custom for value in _images(entry.inputs)]
    assert len(images) >= 12
    assert not [image for image in images if not image.startswith(("mirror.test/all/", "localhost:5001/"))]


def _images(value: object) -> list[str]:
    """Every image reference inside a resource's inputs."""
    keys = ("image", "repository", "hub", "rbacProxyImage", "node_image", "registry_image")
    if isinstance(value, dict):
        here = [item for key, item in value.items() if key in keys and isinstance(item, str)]
        return here + [image for item in value.values() for image in _images(item)]
    return [image for item in value for image in _images(item)] if isinstance(value, list) else []


def test_an_image_can_be_replaced_alone() -> None:
    images = Images(overrides={"minio": "registry.test/minio:2"}, mirror=None)
    assert images["minio"] == "registry.test/minio:2"
    assert images["postgres"] == versions.IMAGES["postgres"]


def test_no_pin_is_moving() -> None:
    for reference in versions.IMAGES.values():
        assert re.search(r":[\w.-]*\d[\w.-]*(@sha256:[0-9a-f]{64})?$", reference), reference
        assert ":latest" not in reference


def test_nothing_comes_from_a_host_that_is_being_switched_off() -> None:
    references = [*versions.IMAGES.values(), versions.ISTIO_HUB]
    references += [text for chart in versions.CHARTS.values() for text in (chart.chart, chart.repository or "")]
    closed = ("gcr.io/istio-release", "registry.istio.io", "storage.googleapis.com", "docker.io/minio", "bitnami")
    assert not [reference for reference in references if any(host in reference for host in closed)]


def test_a_chart_named_by_the_stack_comes_without_the_pins_repository() -> None:
    charts = Charts(overrides={"metrics-server": ChartOverride(chart="oci://registry.test/metrics-server")})
    assert charts["metrics-server"].repository is None
    assert charts.version("metrics-server") == versions.CHARTS["metrics-server"].version
