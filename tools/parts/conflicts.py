"""Parts that a stack would install where somebody else has."""

from collections.abc import Iterator

from components import settings as s
from components.settings import parts
from components.settings.problems import Path, Problem, fault
from tools.parts.workloads import Observed, Workload
from tools.teardown.inventory import Inventory


def check(settings: s.Settings, observed: Observed, ours: Inventory) -> list[Problem]:
    """What is there already of the parts that are to be installed; `ours` is what the stack has made."""
    installed = list(_parts(settings, observed, ours))
    told = {problem.key for problem in installed}
    return [*installed, *(each for each in _namespaces(settings, observed, ours) if each.key not in told)]


def _parts(settings: s.Settings, observed: Observed, ours: Inventory) -> Iterator[Problem]:
    for part in parts.PARTS:
        found = [each for sign in part.signs for each in observed.of(sign)]
        if part.installed(settings) and (others := [each for each in found if not _ours(each, ours)]):
            release = others[0].annotations.get("meta.helm.sh/release-name")
            by = f" (Helm release {release})" if release else ""
            text = f"{others[0]}{by} is in the cluster and is not this stack's; write existing, or remove it first"
            yield fault(part.key, "install", text)


def _ours(found: Workload, ours: Inventory) -> bool:
    notes = found.annotations
    release = (notes.get("meta.helm.sh/release-namespace"), notes.get("meta.helm.sh/release-name"))
    return found.namespace in ours.namespaces or release in ours.releases


def _namespaces(settings: s.Settings, observed: Observed, ours: Inventory) -> Iterator[Problem]:
    """Namespaces that the stack makes; one that is there is somebody's, and would end a destroy's good manners."""
    wanted: dict[str, Path] = {
        namespace.name: part.key
        for part in parts.PARTS
        if part.installed(settings)
        for namespace in part.namespaces
        if not namespace.shared
    }
    wanted |= {settings.namespaces.data: ("namespaces", "data"), settings.namespaces.models: ("namespaces", "models")}
    wanted |= {team.name: ("teams", index, "name") for index, team in enumerate(settings.teams)}
    for name, key in wanted.items():
        if name in observed.namespaces and name not in ours.namespaces:
            remedy = "write another" if key[0] != "platform" else "delete it when nothing is in it, or write existing"
            yield fault(key, None, f"the namespace {name} is in the cluster and is not this stack's; {remedy}")
