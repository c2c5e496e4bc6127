"""Parts that a stack takes as they are (`existing`): whether they are there, work, and are what it needs."""

import json
from collections.abc import Iterator

from components import settings as s
from components.platform.platform import uses_resources
from components.settings.problems import Problem, fault
from components.settings.scaling import QueriedMetric
from tools.parts.workloads import Observed, Workload, ready
from tools.upgrades.versions import Version

# The lowest and the highest minor version that Slipway's parts go with.
# Istio: what net-istio 1.21 to 1.23 are built against (knative-extensions/net-istio: third_party/istio-*), and KServe
# 0.20 is tested with (kserve/kserve: kserve-deps.env). Knative: KServe's matrix and test versions. KServe: below 0.17
# the modes have other names.
SUPPORTED = {"mesh": ("1.27", "1.30"), "serverless": ("1.19", "1.23"), "serving": ("0.17", "0.21")}

_KNATIVE_ISTIO = "istio.ingress.networking.knative.dev"


def check(settings: s.Settings, observed: Observed) -> list[Problem]:
    """What is wrong with the parts that are `existing`, by the keys that say so."""
    checks = {
        "certificates": _certificates,
        "mesh": _mesh,
        "serverless": _serverless,
        "serving": _serving,
        "metrics_server": _metrics_server,
        "prometheus": _prometheus,
        "metrics_adapter": _metrics_adapter,
        "database_operator": _database_operator,
    }
    parts = [part for part in checks if getattr(settings.platform, part) == "existing" and needed(part, settings)]
    return [_at(part, text) for part in parts for text in checks[part](settings, observed)]


def needed(part: str, settings: s.Settings) -> bool:
    """Whether something of the stack stands on the part, where that depends on its models or its database."""
    scalings = [model.autoscaling for model in settings.models]
    metrics = [metric for each in scalings if isinstance(each, s.Autoscaling) for metric in each.declared]
    queried = any(isinstance(metric, QueriedMetric) for metric in metrics)
    return {
        "metrics_server": uses_resources(settings.models),
        "prometheus": queried,
        "metrics_adapter": queried,
        "database_operator": settings.database.cloud_native_pg is not None,
    }.get(part, True)


def _at(part: str, text: str) -> Problem:
    alias = s.Platform.model_fields[part].alias or part
    return fault(("platform", alias), "existing", text)


def _works(found: list[Workload], what: str, instead: str) -> Iterator[str]:
    """That one of `found` runs."""
    if not found:
        yield f"no {what} is in the cluster; {instead}"
    elif not ready(found):
        yield f"{found[0]} has no pod that is ready; see why: kubectl --namespace {found[0].namespace} get pods"


def _supported(part: str, found: list[Workload], what: str) -> Iterator[str]:
    lowest, highest = (Version.parse(text) for text in SUPPORTED[part])
    for version in {each.version for each in ready(found) if each.version}:
        if not lowest <= Version(version.major, version.minor) <= highest:
            yield f"{what} {version} is there, and {lowest.line} to {highest.line} are supported; upgrade it first"


def _kinds(observed: Observed, what: str, *kinds: tuple[str, str]) -> Iterator[str]:
    for crd, version in kinds:
        if not observed.serves(crd, version):
            yield f"the cluster does not serve {crd} in {version}; install {what} whole, or another version of it"


def _certificates(_settings: s.Settings, observed: Observed) -> Iterator[str]:
    name = "app.kubernetes.io/name"
    yield from _works(observed.labelled(name, "cert-manager"), "cert-manager", "install it, or write install")
    yield from _works(observed.labelled(name, "webhook"), "webhook of cert-manager", "install it whole")
    yield from _kinds(
        observed, "cert-manager", ("certificates.cert-manager.io", "v1"), ("issuers.cert-manager.io", "v1")
    )


def _mesh(settings: s.Settings, observed: Observed) -> Iterator[str]:
    istiod = observed.labelled("app", "istiod")
    yield from _works(istiod, "istiod", "install Istio, or write install")
    yield from _supported("mesh", istiod, "istiod")
    kinds = [(f"{kind}.networking.istio.io", "v1") for kind in ("virtualservices", "gateways")]
    yield from _kinds(observed, "Istio's base chart", *kinds)
    wanted = settings.ingress.gateway
    gateways = [
        each
        for each in observed.workloads
        if each.namespace == wanted.namespace and wanted.selector.items() <= each.pod_labels.items()
    ]
    labels = ",".join(f"{key}={value}" for key, value in wanted.selector.items())
    yield from _works(
        gateways, f"gateway with pods {labels} in {wanted.namespace}", "write which it is as slipway:ingress.gateway"
    )


def _serverless(settings: s.Settings, observed: Observed) -> Iterator[str]:
    controllers = [each for each in observed.named("controller") if each.namespace == "knative-serving"]
    yield from _works(controllers, "Knative Serving in knative-serving", "install it, or write install")
    yield from _supported("serverless", controllers, "Knative Serving")
    yield from _kinds(observed, "Knative Serving", ("services.serving.knative.dev", "v1"))
    if not controllers:
        return
    network = observed.data_of("knative-serving", "config-network")
    ingress = network.get("ingress-class", network.get("ingress.class", _KNATIVE_ISTIO))
    if ingress != _KNATIVE_ISTIO:
        yield f"its network is {ingress}, and models are reached through Istio; write {_KNATIVE_ISTIO} there"
    domains = observed.data_of("knative-serving", "config-domain")
    if any(model.mode == "Knative" for model in settings.models) and settings.ingress.domain not in domains:
        yield (
            f"config-domain of knative-serving lacks {settings.ingress.domain} (slipway:ingress.domain): models in "
            "Knative mode would answer under another name; add it there"
        )


def _serving(settings: s.Settings, observed: Observed) -> Iterator[str]:
    managers = observed.named("kserve-controller-manager")
    yield from _works(managers, "KServe", "install it, or write install")
    yield from _supported("serving", managers, "KServe")
    yield from _kinds(observed, "KServe", ("inferenceservices.serving.kserve.io", "v1beta1"))
    if not managers or all(model.mode == "Knative" for model in settings.models):
        return
    try:
        ingress = json.loads(observed.data_of(managers[0].namespace, "inferenceservice-config").get("ingress", "{}"))
    except ValueError:
        yield f"ConfigMap {managers[0].namespace}/inferenceservice-config: `ingress` is not JSON; mend it"
        return
    if ingress.get("ingressDomain") != settings.ingress.domain:
        yield (
            f"its inferenceservice-config gives models the domain {ingress.get('ingressDomain')}, and "
            f"slipway:ingress.domain is {settings.ingress.domain}; write the same"
        )


def _metrics_server(_settings: s.Settings, observed: Observed) -> Iterator[str]:
    if not observed.answers("v1beta1.metrics.k8s.io"):
        yield "metrics.k8s.io does not answer; install metrics-server or see why it is not ready, or write install"


def _prometheus(settings: s.Settings, observed: Observed) -> Iterator[str]:
    host = (settings.platform.prometheus_url or "").partition("://")[2].partition("/")[0].partition(":")[0].split(".")
    in_cluster = len(host) >= 3 and host[2] == "svc"
    if in_cluster and host[1] not in observed.namespaces:
        yield f"slipway:platform.prometheusUrl names the namespace {host[1]}, which is not there; write another"


def _metrics_adapter(_settings: s.Settings, observed: Observed) -> Iterator[str]:
    groups = ("custom.metrics.k8s.io", "external.metrics.k8s.io")
    names = [name for name in observed.api_services if name.partition(".")[2] in groups]
    if not any(observed.answers(name) for name in names):
        yield f"neither {' nor '.join(groups)} answers; install an adapter, or write install"


def _database_operator(_settings: s.Settings, observed: Observed) -> Iterator[str]:
    operators = observed.labelled("app.kubernetes.io/name", "cloudnative-pg")
    yield from _works(operators, "CloudNativePG operator", "install it, or write install")
    yield from _kinds(observed, "CloudNativePG", ("clusters.postgresql.cnpg.io", "v1"))
