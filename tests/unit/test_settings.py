"""Settings refuse what would fail later, and say what to write."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from components.settings import SettingsError, parse_settings

GOOD: dict[str, Any] = {
    "cluster": {"kind": {"name": "test"}},
    "ingress": {"domain": "slipway.localhost"},
    "models": [
        {
            "name": "wine",
            "source": "models:/wine-quality-model/1",
            "train": "model/train.py",
            "autoscaling": {
                "min": 1,
                "max": 3,
                "metrics": [{"type": "Resource", "name": "cpu", "target": {"averageUtilization": 60}}],
            },
        }
    ],
}


def faults(change: Callable[[dict[str, Any]], Any]) -> list[str]:
    data = copy.deepcopy(GOOD)
    change(data)
    with pytest.raises(SettingsError) as caught:
        parse_settings(data)
    return str(caught.value).splitlines()


def set_at(path: str, value: Any) -> Callable[[dict[str, Any]], None]:
    """A change that writes `value` at a dotted path; numbers are list indexes."""

    def change(data: Any) -> None:
        *parents, last = [int(step) if step.isdigit() else step for step in path.split(".")]
        for step in parents:
            data = data[step] if isinstance(step, int) else data.setdefault(step, {})
        data[last] = value

    return change


def test_good_settings_have_their_defaults() -> None:
    settings = parse_settings(GOOD)
    assert settings.cluster.kind is not None
    assert settings.cluster.kind.http_port == 8080
    assert settings.models[0].train is not None
    assert settings.models[0].train.script == "model/train.py"
    assert settings.namespaces.models == "models"


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        parse_settings(GOOD).ingress.domain = "other.test"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("path", "value", "line"),
    [
        ("modles", [], "slipway:modles: unknown key: did you mean models?"),
        ("cluster.kind.nmae", "x", "slipway:cluster.kind.nmae: unknown key: did you mean name?"),
        ("models.0.autoscaling.maxx", 1, "slipway:models[0].autoscaling.maxx: unknown key: did you mean max?"),
        ("cluster.kind.name", "Bad_Name", "slipway:cluster.kind.name: 'Bad_Name': write lower-case letters"),
        ("cluster.kind.httpPort", "8080", "slipway:cluster.kind.httpPort: '8080': write the number without quotes"),
        ("cluster.kind.httpPort", 70000, "slipway:cluster.kind.httpPort: 70000: write at most 65535"),
        ("cluster.existing", {"kubeconfig": "k", "context": "c"}, "slipway:cluster: write exactly one of"),
        ("registry", {"address": "r.test/x"}, "slipway:registry: 'r.test/x': a kind cluster has its own registry"),
        ("cluster.kind.registryPort", 8080, "slipway:cluster.kind: [8080, 8443, 8080]: httpPort, httpsPort and"),
        ("tracking.hosts", ["localhost"], "slipway:tracking.hosts[0]: 'localhost': write a host name with a dot"),
        ("platform.certificates", "off", "slipway:platform.certificates: 'off': KServe needs cert-manager"),
        ("platform.mesh", "off", "slipway:platform.mesh: 'off': Knative is installed with Istio"),
        ("platform.serving", "off", "slipway:platform.serving: 'off': models are served by KServe"),
        ("database.url", "mysql://u:p@h/d", "slipway:database.url: write postgresql+psycopg2://"),
        (
            "objectStore.endpoint",
            "http://s3.test",
            "slipway:objectStore.endpoint: 'http://s3.test': only for `engine: s3`",
        ),
        ("objectStore", {"engine": "s3", "accessKeyId": "A"}, "slipway:objectStore: write both `accessKeyId`"),
        ("build.caBundle", "no-such.pem", "slipway:build.caBundle: 'no-such.pem': no such file"),
        (
            "build.packageIndex",
            "https://u:p@pypi.test",
            "slipway:build.packageIndex: a text: credentials in a URL are not kept secret",
        ),
        ("models.0.name", "x" * 41, "slipway:models[0].name: 'xxxx"),
        ("models.0.source", "models:/wine", "slipway:models[0].source: 'models:/wine': write models:/<name>/<version>"),
        ("models.0.source", "no/folder", "slipway:models[0].source: 'no/folder': no MLmodel file in that folder"),
        ("models.0.train", "no.py", "slipway:models[0].train: 'no.py': no such file"),
        ("models.0.replicas", 2, "slipway:models[0].replicas: 2: the autoscaler owns the count"),
        ("models.0.mode", "Knative", "slipway:models[0].autoscaling: Knative scales its own revisions"),
        ("models.0.autoscaling.min", 4, "slipway:models[0].autoscaling.min: 4: more than max 3"),
        ("models.0.autoscaling.min", 0, "slipway:models[0].autoscaling.min: 0: an HPA does not go to zero"),
        (
            "models.0.resources",
            {"requests": {"memory": "1Gi"}},
            "slipway:models[0].autoscaling.metrics[0].target.averageU",
        ),
        (
            "models.0.resources.requests.cpu",
            "2x",
            "slipway:models[0].resources.requests.cpu: '2x': not a Kubernetes quant",
        ),
        (
            "models.0.resources.requests.cpu",
            "0",
            "slipway:models[0].resources.requests.cpu: '0': write more than zero",
        ),
        (
            "models.0.resources",
            {"requests": {"cpu": "2"}, "limits": {"cpu": "500m"}},
            "slipway:models[0].resources.requests.cpu: '2': more than the limit 500m",
        ),
        (
            "models.0.autoscaling.metrics.0.target.averageValue",
            "1",
            "slipway:models[0].autoscaling.metrics[0].target: write exactly one of",
        ),
        (
            "models.0.autoscaling.metrics.0.container",
            "c",
            "slipway:models[0].autoscaling.metrics[0].container: unknown key: the keys here are name, target, type",
        ),
        ("platform.metricsServer", "off", "slipway:models[0].autoscaling: cpu and memory come from metrics-server"),
        ("charts.istio", {}, "slipway:charts.istio: unknown key: did you mean istiod?"),
    ],
)
def test_a_fault_is_named_with_its_key_its_value_and_the_remedy(path: str, value: Any, line: str) -> None:
    found = faults(set_at(path, value))
    assert any(fault.startswith(line) for fault in found), found


def test_every_fault_is_told_at_once() -> None:
    def change(data: dict[str, Any]) -> None:
        set_at("models.0.autoscaling.min", 9)(data)
        set_at("models.0.replicas", 1)(data)
        set_at("build.caBundle", "gone.pem")(data)

    assert len(faults(change)) == 3


def test_a_missing_section_is_named() -> None:
    assert faults(lambda data: data.pop("ingress")) == ["slipway:ingress: missing: this key is required"]


def test_two_models_cannot_share_a_name() -> None:
    found = faults(lambda data: data["models"].append(copy.deepcopy(data["models"][0])))
    assert found == [
        "slipway:models[0].name: 'wine': two models have this name; every name must be its own, in other teams too",
        "slipway:models[1].name: 'wine': two models have this name; every name must be its own, in other teams too",
    ]


def test_models_on_an_existing_cluster_need_a_registry() -> None:
    found = faults(set_at("cluster", {"existing": {"kubeconfig": "k", "context": "c"}}))
    assert found[0].startswith("slipway:registry: the models' images need a registry")
    assert found[1].startswith("slipway:tracking.hosts: write the host name that MLflow is to have")


def test_a_secret_is_never_shown_in_an_error() -> None:
    found = faults(set_at("objectStore", {"engine": "minio", "secretAccessKey": "hunter2"}))
    found += faults(set_at("registry", {"address": "r.test", "password": ["hunter2"]}))
    found += faults(set_at("database.url", "postgresql://u:hunter2@h/d"))
    assert found
    assert "hunter2" not in "".join(found)
    assert "hunter2" not in repr(parse_settings({**GOOD, "database": {"url": "postgresql+psycopg2://u:hunter2@h/d"}}))
