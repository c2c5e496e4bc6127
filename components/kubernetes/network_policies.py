"""NetworkPolicies: nothing but name resolution, then each flow that a stack needs. Pure functions make the specs.

Probes of the kubelet need no rule: Kubernetes lets a node reach its own pods.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from components import settings as s
from components.kubernetes import pods as own
from components.kubernetes.hardening import Hardening
from components.serving.protocol import GRPC_PORT, HTTP_PORT, METRICS_PORT
from components.settings.parts import cloudnative_pg, istio, knative
from components.settings.parts import prometheus as prometheus_part
from components.settings.parts.part import PartNamespace

Spec = Mapping[str, Any]
Peer = Mapping[str, Any]

MLFLOW, POSTGRES, POSTGRES_STATUS, POSTGRES_METRICS = 5000, 5432, 8000, 9187
HTTPS, API_SERVER = 443, 6443
STORE_PORTS = {"minio": 9000, "versitygw": 7070}
# Of Knative's queue-proxy: admin and metrics (autoscaler's, user's), beside requests
# (https://github.com/knative/serving/blob/main/pkg/networking/constants.go).
QUEUE_OWN = (8022, 9090, 9091)
DNS = 53
# NodeLocal DNSCache, where a cluster has it, answers on the node and not from a pod.
NODE_DNS = "169.254.20.10/32"


def namespace(name: str, labels: Mapping[str, str] | None = None) -> Peer:
    """The pods of a namespace, or those with `labels` in it."""
    peer: dict[str, Any] = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}}}
    return {**peer, "podSelector": {"matchLabels": dict(labels)}} if labels else peer


def labelled(name: str) -> dict[str, Any]:
    """Selects the pods of a workload of Slipway's own."""
    return {"matchLabels": own.labels(name)}


def workload(name: str) -> Peer:
    """The pods of a workload of Slipway's own, in the policy's namespace."""
    return {"podSelector": labelled(name)}


def ports(*numbers: int, protocol: str = "TCP") -> list[dict[str, Any]]:
    return [{"protocol": protocol, "port": number} for number in numbers]


def from_(peers: Sequence[Peer], *numbers: int) -> dict[str, Any]:
    """An ingress rule; no peers means from everywhere."""
    return {**({"from": list(peers)} if peers else {}), "ports": ports(*numbers)}


def to(peers: Sequence[Peer], *numbers: int) -> dict[str, Any]:
    """An egress rule; no peers means to everywhere."""
    return {**({"to": list(peers)} if peers else {}), "ports": ports(*numbers)}


def policy(
    selector: Mapping[str, Any], ingress: Sequence[Mapping[str, Any]] = (), egress: Sequence[Mapping[str, Any]] = ()
) -> Spec:
    """A NetworkPolicy's `spec` that denies both directions for the selected pods, but for these rules."""
    return {
        "podSelector": dict(selector),
        "policyTypes": ["Ingress", "Egress"],
        "ingress": list(ingress),
        "egress": list(egress),
    }


def default_deny() -> Spec:
    """For every pod of a namespace: name resolution, and nothing else."""
    resolvers = [namespace("kube-system"), {"ipBlock": {"cidr": NODE_DNS}}]
    return policy({}, egress=[{"to": resolvers, "ports": [*ports(DNS, protocol="UDP"), *ports(DNS)]}])


def gateway(settings: s.Settings) -> Peer:
    """The pods of the ingress gateway."""
    return namespace(settings.ingress.gateway.namespace, settings.ingress.gateway.selector)


def prometheus(settings: s.Settings) -> list[Peer]:
    """Where the models' metrics are read from; empty (everywhere) when its URL does not name a namespace."""
    if settings.platform.prometheus == "install":
        return [namespace(prometheus_part.NAMESPACE.name)]
    host = urlsplit(settings.platform.prometheus_url or "").hostname or ""
    _, _, rest = host.partition(".")
    name, _, service = rest.partition(".")
    return [namespace(name)] if name and service.startswith("svc") else []


def for_models(settings: s.Settings) -> dict[str, Spec]:
    """Policies of a namespace of models, by name."""
    over_grpc = [GRPC_PORT] if any(model.grpc for model in settings.models) else []
    ingress = [from_([gateway(settings)], HTTP_PORT, *over_grpc, *knative.REQUEST_PORTS)]
    if settings.platform.prometheus != "off":
        ingress.append(from_(prometheus(settings), METRICS_PORT))
    if settings.platform.serverless != "off":
        ingress.append(from_([namespace(knative.NAMESPACE.name)], *knative.REQUEST_PORTS, *QUEUE_OWN))
    egress = [to([namespace(istio.NAMESPACE.name)], istio.ISTIOD_PORT)] if settings.security.mutual_tls else []
    return {"default-deny": default_deny(), "models": policy({}, ingress, egress)}


def for_part(hardening: Hardening, part: PartNamespace) -> Spec:
    """Policy of a namespace of the platform: closed from outside, but for the ports that it names.

    Controllers call the API server, so that nothing is said of what goes out.
    """
    rules: list[dict[str, Any]] = [{"from": [{"podSelector": {}}, *hardening.scrapers]}]
    if part.open_ports:
        rules.append(from_([], *part.open_ports))
    if part.gateway_ports:
        rules.append(from_([namespace(knative.NAMESPACE.name), *hardening.gateway], *part.gateway_ports))
    return {"podSelector": {}, "policyTypes": ["Ingress"], "ingress": rules}


# Instances of a CloudNativePG cluster, and the jobs that make them.
_CLUSTERED = {"matchExpressions": [{"key": "cnpg.io/cluster", "operator": "Exists"}]}
# Where a cloud tells a pod who it is: the metadata services of AWS, Azure and Google (988 on GKE).
_IDENTITY = {"to": [{"ipBlock": {"cidr": "169.254.0.0/16"}}], "ports": ports(80, 988)}


def _port(url: str | None, default: int) -> int:
    """The port of a URL; `default` where it names none, or cannot be read (a preview without the secret)."""
    try:
        return urlsplit(url or "").port or default
    except ValueError:
        return default


def _database(settings: s.Settings) -> dict[str, Any]:
    """The way to the database."""
    if settings.database.url:
        return to([], _port(settings.database.url.get_secret_value(), POSTGRES))
    if settings.database.cloud_native_pg:
        return to([{"podSelector": _CLUSTERED}], POSTGRES)
    return to([workload("postgres")], POSTGRES)


def _store(settings: s.Settings) -> list[dict[str, Any]]:
    """The way to the object store."""
    store = settings.object_store
    if store.engine != "s3":
        return [to([workload("object-store")], STORE_PORTS[store.engine])]
    return _s3(store.endpoint, keys=bool(store.access_key_id))


def _s3(endpoint: str | None, *, keys: bool) -> list[dict[str, Any]]:
    """The way to an S3 service; without keys, to whoever hands out the identity's as well."""
    secure = (endpoint or "https").startswith("https")
    # The token of an identity is exchanged at a service of the cloud's, which no setting names.
    numbers = sorted({_port(endpoint, HTTPS if secure else 80), *(() if keys else (HTTPS,))})
    return [to([], *numbers), *([] if keys else [_IDENTITY])]


def _watched(settings: s.Settings) -> list[dict[str, Any]]:
    """The metrics of a CloudNativePG cluster's instances, where there are dashboards."""
    return [from_(prometheus(settings), POSTGRES_METRICS)] if settings.platform.dashboards == "install" else []


def for_data(settings: s.Settings) -> dict[str, Spec]:
    """Policies of the namespace of MLflow and its stores, by name."""
    database, store = settings.database, settings.object_store
    clients = [gateway(settings), workload("train")]
    policies = {
        "default-deny": default_deny(),
        "mlflow": policy(labelled("mlflow"), [from_(clients, MLFLOW)], [_database(settings), *_store(settings)]),
        "train": policy(labelled("train"), egress=[to([workload("mlflow")], MLFLOW)]),
        # The pod that dumps and restores the database.
        "backup": policy(labelled("backup"), egress=[_database(settings)]),
    }
    reads_database = [workload("mlflow"), workload("backup")]
    reads_store = [workload("mlflow"), workload("bucket")]
    if database.cloud_native_pg:
        backup = database.cloud_native_pg.backup
        if backup:
            reads_store.append({"podSelector": _CLUSTERED})
        # Bound to its namespace: anybody can wear its label.
        operator = namespace(database.cloud_native_pg.operator_namespace, cloudnative_pg.LABELS)
        among = from_([{"podSelector": _CLUSTERED}, operator], POSTGRES, POSTGRES_STATUS)
        policies["database"] = policy(
            _CLUSTERED,
            [among, from_(reads_database, POSTGRES), *_watched(settings)],
            [
                to([{"podSelector": _CLUSTERED}], POSTGRES, POSTGRES_STATUS),
                to([], HTTPS, API_SERVER),
                *(_s3(backup.endpoint, keys=bool(backup.access_key_id)) if backup else []),
            ],
        )
    elif not database.url:
        policies["database"] = policy(labelled("postgres"), [from_(reads_database, POSTGRES)])
    if store.engine in STORE_PORTS:
        port = STORE_PORTS[store.engine]
        policies["object-store"] = policy(labelled("object-store"), [from_(reads_store, port)])
        policies["bucket"] = policy(labelled("bucket"), egress=[to([workload("object-store")], port)])
    return policies
