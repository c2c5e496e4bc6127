"""Parts that are taken as they are, and parts that somebody else has installed."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from components.clients import cluster_api as api
from components.errors import SlipwayError
from components.settings import Settings, parse_settings
from tests.unit.fake_cluster import ISVC, VIRTUAL_SERVICE, FakeCluster
from tools import stack_file
from tools.engine.stack import Stack
from tools.parts import conflicts, existing, preflight
from tools.parts.workloads import Observed
from tools.teardown.inventory import Inventory

ALL = ("certificates", "mesh", "serverless", "serving", "metricsServer", "metricsAdapter", "databaseOperator")
DOMAIN = "models.example.com"
NAME, VERSION = "app.kubernetes.io/name", "app.kubernetes.io/version"


def settings(part: str = "existing", **changes: Any) -> Settings:
    values = stack_file.settings_of(stack_file.read(stack_file.path_of("prod")))
    queue = {"type": "External", "name": "queue", "target": {"value": "1"}}
    if part != "existing":
        queue["query"] = "sum(queue{<<.LabelMatchers>>})"
    cpu = {"type": "Resource", "name": "cpu", "target": {"averageUtilization": 60}}
    model = {**values["models"][0], "autoscaling": {"min": 1, "max": 2, "metrics": [cpu, queue]}}
    return parse_settings(
        {
            **values,
            "models": [model],
            "platform": dict.fromkeys(ALL, part),
            # Sidecars would need their plugin, which is not asked for here.
            **{"security": {}, "database": {"cloudNativePg": {}}, "charts": {}, **changes},
        }
    )


def add(
    cluster: FakeCluster, name: str, namespace: str, image: str = "x:1", labels: Any = None, pod: Any = None
) -> None:
    template = {"metadata": {"labels": pod or {}}, "spec": {"containers": [{"image": image}]}}
    metadata = {"labels": labels or {}}
    status = {"availableReplicas": 1}
    cluster.add(
        api.DEPLOYMENT, name, namespace, metadata=metadata, spec={"replicas": 1, "template": template}, status=status
    )


@pytest.fixture
def cluster() -> FakeCluster:
    """A cluster whose platform is whole, and somebody else's."""
    fake = FakeCluster()
    add(fake, "cert-manager", "cert-manager", labels={NAME: "cert-manager", VERSION: "v1.17.4"})
    add(fake, "cert-manager-webhook", "cert-manager", labels={NAME: "webhook"})
    add(fake, "istiod-1-28", "istio-system", "docker.io/istio/pilot:1.28.10", {"app": "istiod"})
    add(fake, "gateway", "istio-ingress", pod={"istio": "ingressgateway"})
    add(fake, "controller", "knative-serving", labels={VERSION: "1.21.1"})
    add(fake, "kserve-controller-manager", "kserve", "docker.io/kserve/kserve-controller:v0.20.0")
    add(fake, "cnpg-controller-manager", "cnpg-system", labels={NAME: "cloudnative-pg"})
    for group, version, plural in (
        ("cert-manager.io", "v1", "certificates"),
        ("cert-manager.io", "v1", "issuers"),
        ("networking.istio.io", "v1", "gateways"),
        ("serving.knative.dev", "v1", "services"),
        ("postgresql.cnpg.io", "v1", "clusters"),
    ):
        fake.serve(api.ApiResource(group, version, plural, plural, True))
    fake.serve(ISVC)
    fake.serve(VIRTUAL_SERVICE)
    for name in ("v1beta1.metrics.k8s.io", "v1beta1.custom.metrics.k8s.io"):
        fake.add(api.API_SERVICE, name, spec={}, status={"conditions": [{"type": "Available", "status": "True"}]})
    fake.add(api.CONFIG_MAP, "config-domain", "knative-serving", data={DOMAIN: ""})
    fake.add(api.CONFIG_MAP, "config-network", "knative-serving", data={})
    fake.add(
        api.CONFIG_MAP, "inferenceservice-config", "kserve", data={"ingress": json.dumps({"ingressDomain": DOMAIN})}
    )
    return fake


def found(cluster: FakeCluster, wanted: Settings | None = None) -> list[str]:
    return [str(each) for each in existing.check(wanted or settings(), Observed(cluster))]


def test_a_whole_platform_is_taken_as_it_is(cluster: FakeCluster) -> None:
    assert found(cluster) == []


def test_an_empty_cluster_lacks_every_part_by_its_own_key() -> None:
    keys = {line.split(":")[1] for line in found(FakeCluster())}
    assert keys == {f"platform.{part}" for part in ALL}


Break = Callable[[FakeCluster], object]


def stop(namespace: str, name: str) -> Break:
    return lambda cluster: cluster.objects[api.DEPLOYMENT.path(namespace, name)].update(status={})


def drop(path: str) -> Break:
    return lambda cluster: cluster.objects.pop(path)


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (stop("cert-manager", "cert-manager-webhook"), "platform.certificates: 'existing': Deployment cert-manager/"),
        (drop(api.CRD.path(name="certificates.cert-manager.io")), "does not serve certificates.cert-manager.io in v1"),
        (
            lambda c: add(c, "istiod-1-28", "istio-system", "istio/pilot:1.20.1", {"app": "istiod"}),
            "istiod 1.20.1 is there, and 1.27",
        ),
        (
            drop(api.DEPLOYMENT.path("istio-ingress", "gateway")),
            "gateway with pods istio=ingressgateway in istio-ingress",
        ),
        (
            lambda c: add(c, "controller", "knative-serving", labels={VERSION: "1.15.0"}),
            "Knative Serving 1.15.0 is there",
        ),
        (
            lambda c: c.add(api.CONFIG_MAP, "config-network", "knative-serving", data={"ingress-class": "kourier"}),
            "its network is kourier",
        ),
        (
            lambda c: add(c, "kserve-controller-manager", "kserve", "x/kserve-controller:v0.15.2"),
            "KServe 0.15.2 is there",
        ),
        (
            lambda c: c.add(api.CONFIG_MAP, "inferenceservice-config", "kserve", data={"ingress": "{}"}),
            "gives models the domain None",
        ),
        (
            lambda c: c.add(api.CONFIG_MAP, "inferenceservice-config", "kserve", data={"ingress": "{"}),
            "`ingress` is not JSON",
        ),
        (drop(api.API_SERVICE.path(name="v1beta1.metrics.k8s.io")), "metrics.k8s.io does not answer"),
        (drop(api.API_SERVICE.path(name="v1beta1.custom.metrics.k8s.io")), "platform.metricsAdapter"),
        (stop("cnpg-system", "cnpg-controller-manager"), "platform.databaseOperator"),
    ],
)
def test_what_a_part_lacks_is_said_with_its_key(cluster: FakeCluster, broken: Break, said: str) -> None:
    broken(cluster)
    (line,) = found(cluster)
    assert said in line
    assert line.startswith("slipway:platform.")


def test_a_part_that_nothing_of_the_stack_stands_on_is_not_asked_for(cluster: FakeCluster) -> None:
    for name in ("v1beta1.metrics.k8s.io", "v1beta1.custom.metrics.k8s.io"):
        del cluster.objects[api.API_SERVICE.path(name=name)]
    del cluster.objects[api.DEPLOYMENT.path("cnpg-system", "cnpg-controller-manager")]
    assert len(found(cluster)) == 3
    assert found(cluster, settings(models=[], database={})) == []


def test_a_knative_model_needs_its_domain_there(cluster: FakeCluster) -> None:
    cluster.add(api.CONFIG_MAP, "config-domain", "knative-serving", data={"other.example.com": ""})
    assert found(cluster) == []
    model = {"name": "m", "source": "models:/m/1", "image": f"x@sha256:{'0' * 64}", "mode": "Knative"}
    (line,) = found(cluster, settings(models=[model]))
    assert "config-domain of knative-serving lacks models.example.com" in line


def test_a_prometheus_in_a_namespace_that_is_not_there_is_said(cluster: FakeCluster) -> None:
    platform = {"prometheus": "existing", "prometheusUrl": "http://prometheus.observing.svc:9090"}
    asked = {**dict.fromkeys(ALL, "existing"), **platform}
    (line,) = found(cluster, settings(platform=asked))
    assert "names the namespace observing" in line
    cluster.add(api.NAMESPACE, "observing")
    assert found(cluster, settings(platform=asked)) == []


def test_a_part_of_somebody_else_is_not_installed_over(cluster: FakeCluster) -> None:
    notes = {"meta.helm.sh/release-name": "mesh", "meta.helm.sh/release-namespace": "istio-system"}
    cluster.objects[api.DEPLOYMENT.path("istio-system", "istiod-1-28")]["metadata"]["annotations"] = notes
    lines = [str(each) for each in conflicts.check(settings("install"), Observed(cluster), Inventory())]
    assert [line.split(":")[1] for line in lines] == [
        "platform.certificates",
        "platform.mesh",
        "platform.serverless",
        "platform.serving",
        "platform.databaseOperator",
    ]
    assert "istio-system/istiod-1-28 1.28.10 (Helm release mesh) is in the cluster and is not this stack's" in lines[1]


def test_a_namespace_is_not_told_beside_its_part(cluster: FakeCluster) -> None:
    for name in ("istio-system", "kserve"):
        cluster.add(api.NAMESPACE, name)
    del cluster.objects[api.DEPLOYMENT.path("kserve", "kserve-controller-manager")]
    lines = [str(each) for each in conflicts.check(settings("install"), Observed(cluster), Inventory())]
    assert not [line for line in lines if "namespace istio-system" in line]
    assert [line for line in lines if "slipway:platform.serving: the namespace kserve is in the cluster" in line]


def test_our_own_parts_are_not_taken_for_somebody_elses(cluster: FakeCluster) -> None:
    places = frozenset({"cert-manager", "istio-system", "knative-serving", "kserve", "cnpg-system"})
    cluster.add(api.NAMESPACE, "istio-system")
    assert conflicts.check(settings("install"), Observed(cluster), Inventory(namespaces=places)) == []


def test_a_namespace_of_somebody_else_is_not_taken(cluster: FakeCluster) -> None:
    for name in ("mlops", "istio-system"):
        cluster.add(api.NAMESPACE, name)
    lines = [str(each) for each in conflicts.check(settings(), Observed(cluster), Inventory())]
    assert lines == [
        "slipway:namespaces.data: the namespace mlops is in the cluster and is not this stack's; write another"
    ]


def test_an_up_stops_before_anything_is_touched(
    cluster: FakeCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = stack_file.path_of("prod").read_text().replace("model/train.py", "Pulumi.prod.yaml")
    monkeypatch.chdir(tmp_path)
    stack_file.path_of("prod").write_text(file)
    monkeypatch.setattr(preflight, "standing", lambda _stack: cluster)
    monkeypatch.setattr("tools.upgrades.comparison.reachable", lambda _stack: cluster)
    with pytest.raises(SlipwayError, match=r"nothing was changed:\nPulumi.prod.yaml: slipway:platform") as caught:
        preflight.up(Stack("prod"), [], lambda _line: None)
    refused = preflight.refusals(Stack("prod"), [], lambda _line: None)
    assert str(caught.value).splitlines()[1:] == "\n".join(refused).splitlines()
