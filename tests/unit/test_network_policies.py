"""Every flow that a stack needs is open, and no other, on the policies that the program makes."""

from collections.abc import Mapping
from typing import Any

import pytest

from components.kubernetes.network_policies import Spec, for_data, for_models
from components.settings import parse_settings
from tests.unit.engine import run_stack
from tests.unit.reach import Address, Place, Pod, reaches

BASE = {
    "cluster": {"kind": {"name": "test"}},
    "ingress": {"domain": "models.test"},
    "security": {"networkPolicies": True},
}


def slipway(name: str, namespace: str = "mlops") -> Pod:
    return Pod(namespace, {"app.kubernetes.io/name": name, "app.kubernetes.io/part-of": "slipway"})


MODEL = Pod("models", {"serving.kserve.io/inferenceservice": "wine"})
GATEWAY = Pod("istio-ingress", {"istio": "ingressgateway", "app": "istio-ingressgateway"})
ISTIOD = Pod("istio-system", {"app": "istiod", "istio": "pilot"})
ACTIVATOR = Pod("knative-serving", {"app": "activator"})
AUTOSCALER = Pod("knative-serving", {"app": "autoscaler"})
PROMETHEUS = Pod("monitoring", {"app.kubernetes.io/name": "prometheus"})
DNS = Pod("kube-system", {"k8s-app": "kube-dns"})
INSTANCE = Pod("mlops", {"cnpg.io/cluster": "postgres", "cnpg.io/instanceName": "postgres-1"})
OPERATOR = Pod("cnpg-system", {"app.kubernetes.io/name": "cloudnative-pg"})
MLFLOW, POSTGRES, STORE = slipway("mlflow"), slipway("postgres"), slipway("object-store")
TRAIN, BUCKET, BACKUP = slipway("train"), slipway("bucket"), slipway("backup")
FOREIGN = Pod("somewhere", {"app": "curl"})
API_SERVER, CLOUD, INTERNET = Address("10.0.0.1"), Address("169.254.169.254"), Address("93.184.216.34")


def test_the_gateway_reaches_grpc_where_a_model_has_it() -> None:
    model = {"name": "wine", "source": "models:/wine/1"}
    assert not reaches(policies(models=[model]), GATEWAY, MODEL, 8081)
    open_ = policies(models=[{**model, "grpc": True}])
    assert reaches(open_, GATEWAY, MODEL, 8081)
    assert not reaches(open_, FOREIGN, MODEL, 8081)


def policies(**changes: object) -> Mapping[str, Mapping[str, Spec]]:
    settings = parse_settings({**BASE, **changes})
    return {"mlops": for_data(settings), "models": for_models(settings)}


@pytest.mark.parametrize(
    ("source", "target", "port"),
    [
        (GATEWAY, MODEL, 8080),
        (GATEWAY, MODEL, 8012),
        (GATEWAY, MODEL, 8112),
        (ACTIVATOR, MODEL, 8012),
        (ACTIVATOR, MODEL, 8013),
        (AUTOSCALER, MODEL, 9090),
        (PROMETHEUS, MODEL, 8082),
        (GATEWAY, MLFLOW, 5000),
        (TRAIN, MLFLOW, 5000),
        (MLFLOW, POSTGRES, 5432),
        (BACKUP, POSTGRES, 5432),
        (MLFLOW, STORE, 9000),
        (BUCKET, STORE, 9000),
    ],
)
def test_what_a_stack_needs_is_open(source: Pod, target: Pod, port: int) -> None:
    assert reaches(policies(), source, target, port)


@pytest.mark.parametrize("pod", [MODEL, MLFLOW, POSTGRES, STORE, TRAIN, BUCKET, BACKUP])
def test_every_pod_resolves_names_and_no_more_than_it_needs(pod: Pod) -> None:
    made = policies()
    for protocol in ("UDP", "TCP"):
        assert reaches(made, pod, DNS, 53, protocol)
        assert reaches(made, pod, Address("169.254.20.10"), 53, protocol)
    assert not reaches(made, pod, Address("8.8.8.8"), 53, "UDP")
    for target in (INTERNET, API_SERVER, CLOUD):
        assert not reaches(made, pod, target, 443)


@pytest.mark.parametrize(
    ("target", "port"),
    [(MODEL, 8080), (MODEL, 8012), (MODEL, 8082), (MLFLOW, 5000), (POSTGRES, 5432), (STORE, 9000)],
)
def test_a_foreign_pod_is_refused_everywhere(target: Pod, port: int) -> None:
    made = policies()
    for source in (FOREIGN, ISTIOD, Pod("mlops", {"app": "curl"}), Pod("models", {"app": "curl"})):
        assert not reaches(made, source, target, port)


@pytest.mark.parametrize(
    ("source", "target", "port"),
    [
        (MODEL, MLFLOW, 5000),
        (MODEL, POSTGRES, 5432),
        (TRAIN, POSTGRES, 5432),
        (TRAIN, STORE, 9000),
        (BACKUP, MLFLOW, 5000),
        (MODEL, ISTIOD, 15012),
    ],
)
def test_what_belongs_to_the_stack_is_kept_apart_too(source: Pod, target: Pod, port: int) -> None:
    assert not reaches(policies(), source, target, port)


def test_a_sidecar_reaches_istiod_wherever_the_gateway_is() -> None:
    elsewhere = policies(
        security={"networkPolicies": True, "mutualTls": True},
        platform={"mesh": "existing", "meshCni": "existing"},
        ingress={"domain": "models.test", "gateway": {"namespace": "edge"}},
    )
    assert reaches(elsewhere, MODEL, ISTIOD, 15012)
    made = policies(security={"networkPolicies": True, "mutualTls": True}, platform={"meshCni": "install"})
    assert reaches(made, MODEL, ISTIOD, 15012)
    assert not reaches(made, FOREIGN, MODEL, 8080)


def test_another_store_answers_on_its_own_port() -> None:
    made = policies(objectStore={"engine": "versitygw"})
    assert reaches(made, MLFLOW, STORE, 7070)
    assert reaches(made, BUCKET, STORE, 7070)
    assert not reaches(made, MLFLOW, STORE, 9000)


def test_mlflow_reaches_a_database_and_a_store_outside_on_their_ports_alone() -> None:
    made = policies(
        database={"url": "postgresql+psycopg2://u:p@db.example.com:6432/mlflow"},
        objectStore={"engine": "s3", "endpoint": "http://10.1.2.3:9000", "accessKeyId": "a", "secretAccessKey": "b"},
    )
    assert set(made["mlops"]) == {"default-deny", "mlflow", "train", "backup"}
    assert reaches(made, MLFLOW, INTERNET, 6432)
    assert reaches(made, BACKUP, INTERNET, 6432)
    assert reaches(made, MLFLOW, Address("10.1.2.3"), 9000)
    for port in (443, 5432, 80):
        assert not reaches(made, MLFLOW, INTERNET, port)
    assert not reaches(made, TRAIN, INTERNET, 6432)


def test_a_database_whose_url_is_not_known_yet_is_expected_on_its_usual_port() -> None:
    made = policies(database={"url": "secure value"})
    assert reaches(made, MLFLOW, INTERNET, 5432)


def test_without_keys_mlflow_asks_the_cloud_who_it_is() -> None:
    made = policies(objectStore={"engine": "s3", "bucket": "artifacts"})
    assert reaches(made, MLFLOW, INTERNET, 443)
    assert reaches(made, MLFLOW, CLOUD, 80)
    assert not reaches(made, TRAIN, CLOUD, 80)
    keys = policies(objectStore={"engine": "s3", "bucket": "artifacts", "accessKeyId": "a", "secretAccessKey": "b"})
    assert not reaches(keys, MLFLOW, CLOUD, 80)


CLUSTERED: dict[str, Any] = {"database": {"cloudNativePg": {"instances": 3}}}


@pytest.mark.parametrize(
    ("source", "target", "port"),
    [
        (MLFLOW, INSTANCE, 5432),
        (BACKUP, INSTANCE, 5432),
        (OPERATOR, INSTANCE, 8000),
        (OPERATOR, INSTANCE, 5432),
        (INSTANCE, INSTANCE, 5432),
        (INSTANCE, INSTANCE, 8000),
        (INSTANCE, API_SERVER, 6443),
        (INSTANCE, API_SERVER, 443),
    ],
)
def test_what_a_cloudnativepg_cluster_needs_is_open(source: Place, target: Place, port: int) -> None:
    assert reaches(policies(**CLUSTERED), source, target, port)


def test_an_instance_reaches_the_store_of_its_backups_and_no_other() -> None:
    assert not reaches(policies(**CLUSTERED), INSTANCE, INTERNET, 9000)
    backup = {"destination": "s3://backups", "endpoint": "http://s3.test:9000", "accessKeyId": "a"}
    backed = {"database": {"cloudNativePg": {"backup": {**backup, "secretAccessKey": "b"}}}}
    assert reaches(policies(**backed), INSTANCE, INTERNET, 9000)
    assert not reaches(policies(**backed), INSTANCE, CLOUD, 80)
    identified = {"database": {"cloudNativePg": {"backup": {"destination": "s3://backups"}}}}
    assert reaches(policies(**identified), INSTANCE, CLOUD, 80)


def test_the_operators_label_lets_nobody_in_from_another_namespace() -> None:
    disguised = Pod("somewhere", OPERATOR.labels)
    for port in (5432, 8000):
        assert not reaches(policies(**CLUSTERED), disguised, INSTANCE, port)
    moved = {
        "database": {"cloudNativePg": {"operatorNamespace": "postgres-operator"}},
        "platform": {"databaseOperator": "existing"},
    }
    assert reaches(policies(**moved), Pod("postgres-operator", OPERATOR.labels), INSTANCE, 8000)
    assert not reaches(policies(**moved), OPERATOR, INSTANCE, 8000)


def test_an_instance_is_open_to_nobody_else() -> None:
    made = policies(**CLUSTERED)
    for source in (FOREIGN, TRAIN, MODEL, GATEWAY):
        assert not reaches(made, source, INSTANCE, 5432)
    assert not reaches(made, FOREIGN, INSTANCE, 8000)
    assert not reaches(made, INSTANCE, STORE, 9000)


def test_an_instance_may_be_backed_up_to_the_stacks_own_store() -> None:
    keys = {"accessKeyId": "a", "secretAccessKey": "b"}
    backup = {"destination": "s3://mlflow/backups", "endpoint": "http://object-store.mlops:9000", **keys}
    assert reaches(policies(database={"cloudNativePg": {"backup": backup}}), INSTANCE, STORE, 9000)


def test_a_gateway_and_a_prometheus_that_are_there_are_the_ones_let_in() -> None:
    made = policies(
        ingress={"domain": "models.test", "gateway": {"namespace": "edge", "selector": {"app": "front"}}},
        platform={"mesh": "existing", "prometheus": "existing", "prometheusUrl": "http://prom.watch.svc:9090"},
    )
    front = Pod("edge", {"app": "front"})
    assert reaches(made, front, MODEL, 8080)
    assert reaches(made, front, MLFLOW, 5000)
    assert not reaches(made, GATEWAY, MODEL, 8080)
    assert reaches(made, Pod("watch"), MODEL, 8082)
    assert not reaches(made, PROMETHEUS, MODEL, 8082)


def test_a_prometheus_whose_namespace_is_not_known_is_let_in_from_everywhere_to_the_metrics_alone() -> None:
    made = policies(platform={"prometheus": "existing", "prometheusUrl": "https://prom.example.com"})
    assert reaches(made, FOREIGN, MODEL, 8082)
    assert not reaches(made, FOREIGN, MODEL, 8080)


def test_the_pods_of_the_program_carry_the_labels_that_its_policies_select() -> None:
    run = run_stack("dev", {"security": {"networkPolicies": True}})
    templates = {
        entry.name: entry.inputs["spec"]["template"]["metadata"]["labels"]
        for kind in ("Deployment", "StatefulSet", "Job")
        for entry in run.of(kind)
    }
    selected = {
        entry.inputs["metadata"]["name"]: entry.inputs["spec"]["podSelector"].get("matchLabels", {})
        for entry in run.of("NetworkPolicy")
        if entry.inputs["metadata"]["namespace"] == "mlops"
    }
    for workload, policy in {
        "mlflow": "mlflow",
        "postgres": "database",
        "object-store": "object-store",
        "bucket": "bucket",
        "mlflow-wine-classifier-train": "train",
    }.items():
        assert templates[workload].items() >= selected[policy].items(), workload


def test_without_a_prometheus_nobody_reads_the_metrics() -> None:
    made = policies(platform={"prometheus": "off", "metricsAdapter": "off"})
    for source in (FOREIGN, PROMETHEUS):
        assert not reaches(made, source, MODEL, 8082)


def test_training_goes_through_mlflow_and_not_past_it_to_the_store_that_it_may_not_reach() -> None:
    job = run_stack("dev").one("Job", "mlflow-wine-classifier-train").inputs["spec"]["template"]["spec"]
    env = {each["name"]: each["value"] for each in job["containers"][0]["env"]}
    assert env["MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD"] == env["MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD"] == "false"


def of_platform() -> Mapping[str, Mapping[str, Spec]]:
    run = run_stack("dev", {"security": {"networkPolicies": True}})
    found: dict[str, dict[str, Spec]] = {}
    for entry in run.of("NetworkPolicy"):
        metadata = entry.inputs["metadata"]
        found.setdefault(metadata["namespace"], {})[metadata["name"]] = entry.inputs["spec"]
    return found


def test_a_part_of_the_platform_lets_in_who_calls_it_and_nobody_else() -> None:
    made = of_platform()
    knative, kserve, certificates = Pod("knative-serving"), Pod("kserve"), Pod("cert-manager")
    for target, port in ((knative, 8443), (kserve, 9443), (certificates, 10250), (ISTIOD, 15017), (GATEWAY, 443)):
        assert reaches(made, API_SERVER, target, port)
    flows: tuple[tuple[Pod, Pod | Address, int], ...] = (
        (GATEWAY, ACTIVATOR, 8012),
        (ACTIVATOR, AUTOSCALER, 8080),
        (Pod("knative-serving", {"app": "net-istio-controller"}), GATEWAY, 8081),
        (FOREIGN, GATEWAY, 80),
        (GATEWAY, ISTIOD, 15012),
        (PROMETHEUS, ISTIOD, 15014),
        (PROMETHEUS, certificates, 9402),
        (kserve, API_SERVER, 6443),
    )
    for caller, called, port in flows:
        assert reaches(made, caller, called, port), (caller, called, port)
    # The activator hands on whatever it is asked for, so a way to it would be a way past the gateway.
    for source in (FOREIGN, MODEL, TRAIN):
        for target, port in ((ACTIVATOR, 8012), (AUTOSCALER, 8080), (ISTIOD, 8080), (GATEWAY, 8081)):
            assert not reaches(made, source, target, port), (source, target, port)
