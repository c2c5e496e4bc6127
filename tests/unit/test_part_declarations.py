"""What is declared of a part once is followed everywhere."""

from collections import Counter
from pathlib import Path
from typing import Any, get_args

import pytest

from components.clients import cluster_api as api
from components.settings import Platform, Settings, parts
from components.settings.ingress import Gateway
from components.settings.parts import PARTS
from components.settings.parts.part import Controller, Deployment, Finalizer, Part, PartNamespace
from components.settings.platform import Installation
from components.settings.rules import namespaces
from components.settings.versions import CHARTS
from tests.unit import scaled
from tests.unit.fake_cluster import FakeCluster
from tests.unit.scaled import CPU, PODS, faults
from tools.parts import conflicts, existing
from tools.parts.workloads import Observed
from tools.teardown.controllers import absences, finalized, finalizers
from tools.teardown.inventory import Brought, Inventory
from tools.upgrades.rules import findings
from tools.upgrades.versions import Version
from tools.upgrades.wanted import wanted

EVERYTHING: dict[str, Any] = {
    "platform": {"meshCni": "install", "servingRuntimes": True, "dashboards": "install"},
    "database": {"cloudNativePg": {"backup": {"destination": "s3://backups/mlflow"}}},
}
NAMESPACES = sorted({namespace.name for part in PARTS for namespace in part.namespaces})


def words(annotation: Any) -> list[str]:
    """The words that a setting takes."""
    found = get_args(annotation)
    return [word for each in found for word in ([each] if isinstance(each, str) else words(each))]


def test_every_chart_is_of_one_part_and_every_part_has_a_key_in_the_settings() -> None:
    charts = Counter(key for part in PARTS for key in (*part.charts, *part.optional_charts))
    assert charts == Counter(list(CHARTS))
    keys = [name for name, field in Platform.model_fields.items() if set(words(field.annotation)) > {"install", "off"}]
    assert sorted({part.setting for part in PARTS}) == sorted(keys)
    for setting in keys:
        own = [part.word for part in PARTS if part.setting == setting]
        assert sorted({*own, "existing", "off"}) == sorted(words(Platform.model_fields[setting].annotation))


def test_versions_are_known_by_a_chart_or_by_what_the_operator_installs() -> None:
    for part in PARTS:
        assert part.version_of in {"", "knative-serving", *part.charts}
        assert bool(part.version_of) == bool(part.kubernetes or part.supported)


def test_an_upgrade_is_compared_chart_by_chart() -> None:
    asked = wanted(scaled.settings(scaled.model(CPU, PODS), **EVERYTHING))
    keda = {**EVERYTHING, "platform": {**EVERYTHING["platform"], "metricsAdapter": "keda"}}
    assert set(CHARTS) <= {*asked, *wanted(scaled.settings(scaled.model(CPU, PODS), **keda))}
    assert not set(CHARTS) & set(wanted(scaled.settings(platform=dict.fromkeys(map(_camel, PARTS), "off"))))


def test_the_documents_name_the_versions_that_go_with_the_other_parts() -> None:
    text = Path("docs/upgrades.md").read_text()
    for part in PARTS:
        if part.supported:
            lowest, highest = part.supported
            assert f"{lowest} to {highest}" in text, part.title


def _camel(part: Part) -> str:
    return str(part.key[1])


@pytest.mark.parametrize("name", [*NAMESPACES, "default", "kube-system", "kube-public", "local-path-storage"])
@pytest.mark.parametrize(
    ("key", "sections"),
    [
        ("namespaces.data", lambda name: {"namespaces": {"data": name}}),
        ("namespaces.models", lambda name: {"namespaces": {"models": name}}),
        ("teams[0].name", lambda name: {"teams": [{"name": name}]}),
    ],
)
def test_a_namespace_of_the_platform_or_of_kubernetes_is_nobody_elses(name: str, key: str, sections: object) -> None:
    assert callable(sections)
    [found] = faults(**sections(name))
    assert found.startswith(f"slipway:{key}: '{name}': this namespace is Kubernetes' own, or")


def test_two_of_the_stacks_own_namespaces_are_two() -> None:
    [found] = faults(namespaces={"data": "same", "models": "same"})
    assert found.startswith("slipway:namespaces.models: 'same'")
    [found] = faults(namespaces={"data": "same"}, teams=[{"name": "same"}])
    assert found.startswith("slipway:teams[0].name: 'same'")


def test_the_namespace_of_a_gateway_that_is_there_is_nobody_elses() -> None:
    sections = {
        "ingress": {"domain": "models.test", "gateway": {"namespace": "edge"}},
        "platform": {"mesh": "existing"},
    }
    [found] = faults(teams=[{"name": "edge"}], **sections)
    assert found.startswith("slipway:teams[0].name: 'edge'")
    assert Gateway().namespace in NAMESPACES


class _Platform(Platform):
    grafana: Installation = "install"


_GRAFANA = Deployment(title="Grafana", name="grafana")
GRAFANA = Part(
    setting="grafana",
    title="Grafana",
    charts=("metrics-server",),
    namespaces=(PartNamespace(name="dashboards", open_ports=(3000,)),),
    crd_groups=("grafana.test",),
    operated={"made-by": "grafana"},
    finalizers=(
        Finalizer(
            name="grafana.test/finalizer",
            kinds=("boards.grafana.test",),
            controllers=(Controller(namespace="dashboards", name="grafana"),),
        ),
    ),
    signs=(_GRAFANA,),
    required=(_GRAFANA,),
    kinds=(("boards.grafana.test", "v1"),),
    version_of="metrics-server",
    supported=("1.0", "2.0"),
    kubernetes={CHARTS["metrics-server"].version.rpartition(".")[0]: ("1.90", None)},
)


@pytest.fixture
def grafana(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "PARTS", (*PARTS, GRAFANA))


def with_grafana(installation: Installation) -> Settings:
    off = {_camel(part): "off" for part in PARTS}
    return scaled.settings(platform=off).model_copy(
        update={"platform": _Platform.model_validate({**off, "grafana": installation})}
    )


@pytest.mark.usefixtures("grafana")
def test_a_new_parts_namespace_is_taken_from_the_day_it_is_declared() -> None:
    settings = scaled.settings().model_copy(
        update={"namespaces": scaled.settings().namespaces.model_copy(update={"data": "dashboards"})}
    )
    assert [problem.key for problem in namespaces.check(settings)] == ["slipway:namespaces.data"]


@pytest.mark.usefixtures("grafana")
def test_a_new_part_is_compared_with_what_is_there_and_with_the_cluster() -> None:
    want = wanted(with_grafana("install"))
    assert str(want["metrics-server"]) == CHARTS["metrics-server"].version
    [found] = findings({"kubernetes": Version(1, 34)}, {"metrics-server": want["metrics-server"]})[-1:]
    assert "needs Kubernetes 1.90" in found.text


@pytest.mark.usefixtures("grafana")
def test_a_new_part_is_recognised_in_a_cluster() -> None:
    cluster = FakeCluster()
    lacking = [str(each) for each in existing.check(with_grafana("existing"), Observed(cluster))]
    assert lacking == [
        "slipway:platform.grafana: 'existing': no Grafana is in the cluster; install Grafana whole, or write install",
        "slipway:platform.grafana: 'existing': the cluster does not serve boards.grafana.test in v1; install Grafana "
        "whole, or another version of it",
    ]
    cluster.add(api.NAMESPACE, "dashboards")
    [found] = conflicts.check(with_grafana("install"), Observed(cluster), Inventory())
    assert "the namespace dashboards is in the cluster" in found.remedy
    cluster.deployment("monitoring", "grafana")
    [found] = conflicts.check(with_grafana("install"), Observed(cluster), Inventory())
    assert "Deployment monitoring/grafana is in the cluster" in found.remedy


@pytest.mark.usefixtures("grafana")
def test_a_new_parts_finalizers_and_leftovers_are_known_to_a_destroy() -> None:
    assert finalizers()["grafana.test/finalizer"].controllers == GRAFANA.finalizers[0].controllers
    assert "boards.grafana.test" in finalized()
    assert GRAFANA.finalizers[0].controllers[0] in absences(FakeCluster())
    ours = Inventory(brought=(Brought(("grafana.test",), (), None),))
    assert ours.whose("v1", "ConfigMap", {"name": "board", "labels": {"made-by": "grafana"}}) == "of Grafana"


def test_a_part_says_of_itself_what_is_installed() -> None:
    settings = with_grafana("existing")
    assert (GRAFANA.existing(settings), GRAFANA.installed(settings), GRAFANA.charts_of(settings)) == (True, False, ())
