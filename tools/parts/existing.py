"""Parts that a stack takes as they are (`existing`): whether they are there, work, and are what it needs."""

import json
from collections.abc import Callable, Iterator, Mapping

from components import settings as s
from components.settings import parts
from components.settings.parts import istio, knative, kserve, prometheus
from components.settings.parts.part import Part
from components.settings.problems import Problem, fault
from tools.parts.workloads import Observed, Workload, ready
from tools.upgrades.versions import Version

_KNATIVE_ISTIO = "istio.ingress.networking.knative.dev"


def check(settings: s.Settings, observed: Observed) -> list[Problem]:
    """What is wrong with the parts that are `existing`, by the keys that say so."""
    return [
        fault(part.key, "existing", text)
        for part in parts.PARTS
        if part.existing(settings)
        for text in (*_declared(part, observed), *_FURTHER.get(part.setting, _nothing)(settings, observed))
    ]


def _declared(part: Part, observed: Observed) -> Iterator[str]:
    """What it lacks of what its declaration asks for."""
    for wanted in part.required:
        yield from _works(observed.of(wanted), wanted.title, f"install {part.title} whole, or write install")
    if part.supported and part.required:
        lowest, highest = (Version.parse(text) for text in part.supported)
        for version in {each.version for each in ready(observed.of(part.required[0])) if each.version}:
            if not lowest <= Version(version.major, version.minor) <= highest:
                yield (
                    f"{part.required[0].title} {version} is there, and {lowest.line} to {highest.line} are supported; "
                    "upgrade it first"
                )
    for crd, served in part.kinds:
        if not observed.serves(crd, served):
            yield (
                f"the cluster does not serve {crd} in {served}; install {part.title} whole, or another version of it"
            )
    if part.api_groups and not any(map(observed.answers, part.api_groups)):
        yield (
            f"{' or '.join(part.api_groups)} does not answer; install {part.title} or see why it is not ready, or "
            "write install"
        )


def _works(found: list[Workload], what: str, instead: str) -> Iterator[str]:
    """That one of `found` runs."""
    if not found:
        yield f"no {what} is in the cluster; {instead}"
    elif not ready(found):
        yield f"{found[0]} has no pod that is ready; see why: kubectl --namespace {found[0].namespace} get pods"


def _nothing(_settings: s.Settings, _observed: Observed) -> Iterator[str]:
    yield from ()


def _mesh(settings: s.Settings, observed: Observed) -> Iterator[str]:
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
    namespace = knative.NAMESPACE.name
    if not any(map(observed.of, knative.PART.required)):
        return
    network = observed.data_of(namespace, "config-network")
    ingress = network.get("ingress-class", network.get("ingress.class", _KNATIVE_ISTIO))
    if ingress != _KNATIVE_ISTIO:
        yield f"its network is {ingress}, and models are reached through Istio; write {_KNATIVE_ISTIO} there"
    domains = observed.data_of(namespace, "config-domain")
    if any(model.mode == "Knative" for model in settings.models) and settings.ingress.domain not in domains:
        yield (
            f"config-domain of {namespace} lacks {settings.ingress.domain} (slipway:ingress.domain): models in "
            "Knative mode would answer under another name; add it there"
        )


def _serving(settings: s.Settings, observed: Observed) -> Iterator[str]:
    managers = [each for wanted in kserve.PART.required for each in observed.of(wanted)]
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


def _prometheus(settings: s.Settings, observed: Observed) -> Iterator[str]:
    host = (settings.platform.prometheus_url or "").partition("://")[2].partition("/")[0].partition(":")[0].split(".")
    in_cluster = len(host) >= 3 and host[2] == "svc"
    if in_cluster and host[1] not in observed.namespaces:
        yield f"slipway:platform.prometheusUrl names the namespace {host[1]}, which is not there; write another"


# What cannot be declared: whether a part is set up as the stack needs it.
_FURTHER: Mapping[str, Callable[[s.Settings, Observed], Iterator[str]]] = {
    istio.PART.setting: _mesh,
    knative.PART.setting: _serverless,
    kserve.PART.setting: _serving,
    prometheus.PART.setting: _prometheus,
}
