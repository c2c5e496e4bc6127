"""What the projects allow when a version changes."""

from pathlib import Path

import pytest

from components.clients.cluster_api import ApiResource
from components.errors import SlipwayError
from components.settings import Settings, parse_settings
from components.settings.versions import CHARTS, KNATIVE_SERVING
from tests.unit.fake_cluster import FakeCluster
from tools import stack_file
from tools.engine.stack import Stack
from tools.parts import preflight
from tools.upgrades.comparison import compare
from tools.upgrades.installed import installed
from tools.upgrades.rules import findings
from tools.upgrades.versions import Version, of_image
from tools.upgrades.wanted import wanted


def said(part: str, there: str | None, want: str, **others: str) -> dict[bool, list[str]]:
    """The keys of what is refused (True) and of what is noted (False) when `part` goes from `there` to `want`."""
    rest = {key.replace("_", "-"): Version.parse(text) for key, text in others.items()}
    have = {**rest, **({part: Version.parse(there)} if there else {})}
    found = findings(have, {**{key: v for key, v in rest.items() if key != "kubernetes"}, part: Version.parse(want)})
    return {refused: [each.key for each in found if each.refused is refused] for refused in (True, False)}


REFUSED, NOTED, ALLOWED = "refused", "noted", "allowed"


@pytest.mark.parametrize(
    ("part", "there", "want", "verdict"),
    [
        ("knative-serving", "1.21.1", "1.21.3", ALLOWED),
        ("knative-serving", "1.21.1", "1.22.0", ALLOWED),
        ("knative-serving", "1.22.0", "1.21.1", ALLOWED),
        ("knative-serving", "1.21.1", "1.23.0", REFUSED),
        ("knative-serving", "1.23.0", "1.21.1", REFUSED),
        ("knative-serving", "0.26.0", "1.21.1", REFUSED),
        ("knative-serving", None, "1.23.0", ALLOWED),
        ("kserve-resources", "v0.20.0", "v0.20.1", ALLOWED),
        ("kserve-resources", "v0.20.0", "v0.21.0", ALLOWED),
        ("kserve-resources", "v0.17.0", "v0.20.0", NOTED),
        ("kserve-resources", "v0.16.0", "v0.17.0", REFUSED),
        ("kserve-resources", "v0.15.2", "v0.20.0", REFUSED),
        ("kserve-resources", "v0.20.0", "v0.16.0", REFUSED),
        ("istiod", "1.28.10", "1.29.6", ALLOWED),
        ("istiod", "1.28.10", "1.30.4", NOTED),
        ("istiod", "1.28.10", "1.31.0", REFUSED),
        ("istiod", "1.30.4", "1.29.6", ALLOWED),
        ("istiod", "1.30.4", "1.28.10", REFUSED),
        ("cert-manager", "v1.17.4", "v1.18.0", ALLOWED),
        ("cert-manager", "v1.17.4", "v1.21.1", NOTED),
        ("postgres", "17", "17.6", ALLOWED),
        ("postgres", "17", "18", REFUSED),
        ("postgres", "18", "17", REFUSED),
        ("mlflow", "v3.17.2", "v3.17.3", ALLOWED),
        ("mlflow", "v3.17.2", "v3.18.0", NOTED),
        ("mlflow", "v3.18.0", "v3.17.2", REFUSED),
    ],
)
def test_a_step_is_allowed_noted_or_refused(part: str, there: str | None, want: str, verdict: str) -> None:
    found = said(part, there, want)
    assert (REFUSED if found[True] else NOTED if found[False] else ALLOWED) == verdict


@pytest.mark.parametrize(
    ("part", "want", "kubernetes", "verdict"),
    [
        ("knative-serving", "1.21.1", "1.32.4", REFUSED),
        ("knative-serving", "1.21.1", "1.33.0", ALLOWED),
        ("istiod", "1.28.10", "1.29.9", REFUSED),
        ("istiod", "1.28.10", "1.34.4", ALLOWED),
        ("istiod", "1.28.10", "1.35.0", NOTED),
        ("kserve-resources", "v0.20.0", "1.31.0", REFUSED),
        ("metrics-server", "3.13.1", "1.30.0", REFUSED),
        ("istiod", "1.99.0", "1.20.0", ALLOWED),
    ],
)
def test_a_part_runs_on_the_clusters_kubernetes_or_not(part: str, want: str, kubernetes: str, verdict: str) -> None:
    found = said(part, None, want, kubernetes=kubernetes)
    assert (REFUSED if found[True] else NOTED if found[False] else ALLOWED) == verdict


def test_a_knative_that_its_operator_does_not_carry_is_refused() -> None:
    assert said("knative-serving", None, "1.18.0", knative_operator="v1.21.4") == {True: [], False: []}
    assert said("knative-serving", None, "1.17.0", knative_operator="v1.21.4")[True] == ["knativeServing.version"]
    assert said("knative-serving", None, "1.22.0", knative_operator="v1.21.4")[True] == ["knativeServing.version"]


def test_parts_of_one_project_keep_step() -> None:
    assert said("istio-base", None, "1.28.10", istiod="1.29.6")[True] == ["charts.istio-base.version"]
    assert said("istio-gateway", None, "1.30.0", istiod="1.29.6")[True] == ["charts.istio-gateway.version"]
    assert said("istio-gateway", None, "1.27.9", istiod="1.29.6") == {True: [], False: []}
    assert said("kserve-crd", None, "v0.19.0", kserve_resources="v0.20.0")[True] == ["charts.kserve-crd.version"]


def test_a_refusal_says_the_next_step() -> None:
    have, want = ({"knative-serving": Version.parse(text)} for text in ("1.21.1", "1.23.0"))
    (found,) = findings(have, want)
    assert str(found).startswith("refused: slipway:knativeServing.version: Knative Serving is 1.21.1")
    assert 'Write "1.22"' in found.text


@pytest.mark.parametrize("stack", ["dev", "prod", "local"])
def test_our_own_pins_break_no_rule(stack: str) -> None:
    settings = parse_settings(stack_file.settings_of(stack_file.read(stack_file.path_of(stack))))
    assert not [each for each in findings({"kubernetes": Version(1, 34)}, wanted(settings)) if each.refused]


def test_what_a_stack_asks_for_is_the_pins_and_its_own_word() -> None:
    values = stack_file.settings_of(stack_file.read(stack_file.path_of("dev")))
    pins = wanted(parse_settings(values))
    assert pins["istiod"] == Version.parse(CHARTS["istiod"].version)
    assert pins["knative-serving"] == Version.parse(KNATIVE_SERVING)
    own = {
        "charts": {"istiod": {"version": "1.29.6"}},
        "knativeServing": {"version": "1.22"},
        "images": {"postgres": "postgres:18"},
    }
    changed = wanted(parse_settings({**values, **own, "platform": {"certificates": "existing"}}))
    assert changed["istiod"] == Version(1, 29, 6)
    # The patch that the operator takes, so that a stack which has it is told of no change.
    assert changed["knative-serving"] == Version(1, 22, 1)
    assert changed["postgres"] == Version(18)
    assert "cert-manager" not in changed


def resource(type_: str, name: str, **outputs: object) -> dict[str, object]:
    return {"urn": f"urn:pulumi:x::slipway::{type_}::{name}", "type": type_, "outputs": outputs}


def pod(image: str) -> dict[str, object]:
    return {"template": {"spec": {"containers": [{"image": image}]}}}


STATE = [
    resource("kubernetes:helm.sh/v3:Release", "istiod", version="1.28.10"),
    resource("kubernetes:apps/v1:StatefulSet", "postgres", spec=pod("docker.io/library/postgres:17")),
    resource("kubernetes:apps/v1:Deployment", "mlflow", spec=pod("ghcr.io/mlflow/mlflow:v3.17.2-full")),
    resource(
        "kubernetes:operator.knative.dev/v1beta1:KnativeServing",
        "knative-serving",
        kind="KnativeServing",
        spec={"version": "1.21.1"},
    ),
]


def test_what_a_stack_has_is_read_from_its_state() -> None:
    assert installed(STATE, None) == {
        "istiod": Version(1, 28, 10),
        "postgres": Version(17),
        "mlflow": Version(3, 17, 2),
        "knative-serving": Version(1, 21, 1),
    }


CLUSTERS = ApiResource("postgresql.cnpg.io", "v1", "Cluster", "clusters", True)
CLUSTER = resource(
    "kubernetes:postgresql.cnpg.io/v1:Cluster",
    "postgres",
    apiVersion="postgresql.cnpg.io/v1",
    kind="Cluster",
    metadata={"name": "postgres", "namespace": "mlops"},
    spec={"imageName": "ghcr.io/cloudnative-pg/postgresql:16.4-standard-trixie"},
)


def clustered_stack(**changes: object) -> Settings:
    database = {"cloudNativePg": changes}
    return parse_settings({"cluster": {"kind": {"name": "x"}}, "ingress": {"domain": "x.test"}, "database": database})


def test_a_clusters_postgresql_is_refused_another_major_version_too_and_another_cluster_is_not() -> None:
    have = installed([CLUSTER], None)
    assert have == {"postgres-cluster postgres": Version(16, 4)}
    [found] = [each for each in findings(have, wanted(clustered_stack())) if each.refused]
    assert found.key == "images.postgres-cluster"
    assert "PostgreSQL 16 -> 17" in found.text
    assert not [each for each in findings(have, wanted(clustered_stack(name="postgres-2"))) if each.refused]


def test_what_a_cluster_runs_counts_more_than_what_the_state_asked_for() -> None:
    cluster = FakeCluster()
    cluster.add(CLUSTERS, "postgres", "mlops", status={"image": "ghcr.io/cloudnative-pg/postgresql:17.5"})
    assert installed([CLUSTER], cluster)["postgres-cluster postgres"] == Version(17, 5)


def test_an_up_that_would_bite_stops_before_anything_is_touched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = stack_file.path_of("dev").read_text()
    monkeypatch.chdir(tmp_path)
    stack_file.path_of("dev").write_text(
        f'{file}  slipway:knativeServing: {{version: "1.23.0"}}\n'.replace("model/train.py", "Pulumi.dev.yaml")
    )
    with pytest.raises(SlipwayError, match=r"nothing was changed:\nrefused: slipway:knativeServing.version") as caught:
        preflight.up(Stack("dev"), STATE, lambda _line: None)
    assert "one minor version at a time" in str(caught.value)
    assert "the cluster was not asked" in str(compare(Stack("dev"), STATE))


@pytest.mark.parametrize(
    ("reference", "version"),
    [
        ("docker.io/library/postgres:17", Version(17)),
        ("registry.test:5000/x/mlflow:v3.17.2-full@sha256:0", Version(3, 17, 2)),
        ("postgres@sha256:0", None),
        ("localhost:5000/postgres", None),
    ],
)
def test_an_images_version_is_its_tags(reference: str, version: Version | None) -> None:
    assert of_image(reference) == version
