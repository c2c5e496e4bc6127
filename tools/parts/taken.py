"""Parts that a stack would install where somebody else has."""

from collections.abc import Iterator

from components import settings as s
from components.platform import cert_manager as certificates
from components.platform import istio as mesh
from components.platform import knative as serverless
from components.platform import kserve as serving
from components.settings.problems import Problem, fault
from tools.parts.existing import needed
from tools.parts.workloads import Observed, Workload
from tools.teardown.inventory import Inventory

# The namespace that Slipway puts each part into, and the name of the CRD that tells who installed it.
_PLACES = {
    "certificates": (certificates.NAMESPACE,),
    "mesh": (mesh.NAMESPACE,),
    "serverless": (serverless.OPERATOR_NAMESPACE, serverless.NAMESPACE),
    "serving": (serving.NAMESPACE,),
}


def check(settings: s.Settings, observed: Observed, ours: Inventory) -> list[Problem]:
    """What is there already of the parts that are to be installed; `ours` is what the stack has made."""
    parts = list(_parts(settings, observed, ours))
    told = {problem.key for problem in parts}
    return [*parts, *(each for each in _namespaces(settings, observed, ours) if each.key not in told)]


def _parts(settings: s.Settings, observed: Observed, ours: Inventory) -> Iterator[Problem]:
    for part, found in _found(observed).items():
        if getattr(settings.platform, part) != "install" or not needed(part, settings):
            continue
        if others := [each for each in found if not _ours(each, ours)]:
            release = others[0].annotations.get("meta.helm.sh/release-name")
            by = f" (Helm release {release})" if release else ""
            alias = s.Platform.model_fields[part].alias or part
            text = f"{others[0]}{by} is in the cluster and is not this stack's; write existing, or remove it first"
            yield fault(("platform", alias), "install", text)


def _found(observed: Observed) -> dict[str, list[Workload]]:
    name = "app.kubernetes.io/name"
    return {
        "certificates": observed.labelled(name, "cert-manager"),
        "mesh": observed.labelled("app", "istiod"),
        "serverless": [
            *observed.named("knative-operator"),
            *(each for each in observed.named("controller") if each.namespace == serverless.NAMESPACE),
        ],
        "serving": observed.named("kserve-controller-manager"),
        "metrics_server": observed.named("metrics-server"),
        "database_operator": observed.labelled(name, "cloudnative-pg"),
    }


def _ours(found: Workload, ours: Inventory) -> bool:
    notes = found.annotations
    release = (notes.get("meta.helm.sh/release-namespace"), notes.get("meta.helm.sh/release-name"))
    return found.namespace in ours.namespaces or release in ours.releases


def _namespaces(settings: s.Settings, observed: Observed, ours: Inventory) -> Iterator[Problem]:
    """Namespaces that the stack makes; one that is there is somebody's, and would end a destroy's good manners."""
    parts = [part for part in _PLACES if getattr(settings.platform, part) == "install"]
    wanted: list[tuple[tuple[str | int, ...], str]] = [
        (("platform", s.Platform.model_fields[part].alias or part), place) for part in parts for place in _PLACES[part]
    ]
    wanted += [
        (("namespaces", "data"), settings.namespaces.data),
        (("namespaces", "models"), settings.namespaces.models),
    ]
    wanted += [(("teams", index, "name"), team.name) for index, team in enumerate(settings.teams)]
    for key, name in wanted:
        if name in observed.namespaces and name not in ours.namespaces:
            remedy = "write another" if key[0] != "platform" else "delete it when nothing is in it, or write existing"
            yield fault(key, None, f"the namespace {name} is in the cluster and is not this stack's; {remedy}")
