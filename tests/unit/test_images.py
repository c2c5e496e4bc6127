"""Where images come from: their digests, the mirror, and everything that names one."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from components.errors import SlipwayError
from components.kubernetes.charts import Charts
from components.platform.knative import own_images, serving_images
from components.settings import SettingsError, parse_settings, versions
from components.settings import image_lock as lock
from components.settings.charts import ChartOverride
from components.settings.images import Images, split, upstream
from components.settings.serving_version import carried, exact
from tests.unit.engine import Run, run_stack
from tests.unit.registry_server import Registry, registry_server
from tools import mirror
from tools.images import listing, registry
from tools.images.inventory import Image
from tools.images.oci import Reference, near
from tools.images.references import references
from tools.render.manifest import Manifest
from tools.render.release import Release

DIGEST = f"sha256:{'a' * 64}"


@pytest.mark.parametrize(
    ("reference", "parts"),
    [
        ("localhost:5000/a/b:1", ("localhost:5000/a/b", "1")),
        ("localhost:5000/a/b", ("localhost:5000/a/b", None)),
        (f"quay.io/a:v1@{DIGEST}", ("quay.io/a", f"v1@{DIGEST}")),
    ],
)
def test_a_port_is_no_tag(reference: str, parts: tuple[str, str | None]) -> None:
    assert split(reference) == parts


def test_a_locked_digest_is_the_same_in_a_mirror() -> None:
    images = Images(mirror="mirror.test/all", digests={"docker.io/library/postgres:17": DIGEST})
    assert images["postgres"] == f"mirror.test/all/docker.io/library/postgres:17@{DIGEST}"
    assert images["minio"].startswith("mirror.test/all/docker.io/pgsty/minio:RELEASE")


@pytest.mark.parametrize("registry", ["quay.io", "registry.test:5000", "10.0.0.5:443"])
def test_the_port_of_a_registry_is_no_tag_in_the_mirror(registry: str) -> None:
    mirror = "mirror.test:5000/all"
    there = Images(mirror=mirror).rewrite(f"{registry}/a/b:1")
    assert there == f"{mirror}/{registry.replace(':', '_')}/a/b:1"
    assert upstream(there, mirror) == f"{registry}/a/b:1"
    assert upstream(f"{registry}/a/b:1", mirror) == f"{registry}/a/b:1"


def test_a_chart_gets_the_digest_behind_the_tag() -> None:
    images = Images(digests={"quay.io/x:v1": DIGEST})
    assert images.in_chart("quay.io/x", "v1") == {"repository": "quay.io/x", "tag": f"v1@{DIGEST}"}
    assert images.in_chart("quay.io/x", "v2", ("image", "tag")) == {"image": "quay.io/x", "tag": "v2"}
    assert images.in_chart("quay.io/x", None) == {"repository": "quay.io/x"}


def test_every_chart_takes_the_locked_digests(tmp_path: Path) -> None:
    pins = versions.CHARTS
    metrics_server, serving = pins["metrics-server"].ships, f"v{versions.KNATIVE_SERVING}"
    wanted = {
        "quay.io/jetstack/cert-manager-webhook": pins["cert-manager"].version,
        "docker.io/istio/pilot": pins["istiod"].version,
        "docker.io/istio/proxyv2": pins["istiod"].version,
        "gcr.io/knative-releases/knative.dev/operator/cmd/operator": pins["knative-operator"].version,
        "gcr.io/knative-releases/knative.dev/serving/cmd/queue": serving,
        "docker.io/kserve/kserve-controller": pins["kserve-resources"].version,
        "quay.io/brancz/kube-rbac-proxy": "v0.18.0",
        "registry.k8s.io/metrics-server/metrics-server": metrics_server,
    }
    file = tmp_path / "lock.yaml"
    file.write_text(lock.text({f"{name}:{tag}": DIGEST for name, tag in wanted.items()}))
    run = run_stack("dev", {"imageLock": str(file)})
    said = " ".join(str(entry.inputs) for entry in run.kubernetes)
    assert said.count(DIGEST) >= len(wanted)
    assert f"{metrics_server}@{DIGEST}" in said
    assert f"cmd/queue:{serving}@{DIGEST}" in said


def test_a_chart_of_another_version_keeps_its_own_tags() -> None:
    pinned, other = Charts(), Charts(overrides={"metrics-server": ChartOverride(version="3.13.1")})
    assert pinned.app_version("metrics-server") == versions.CHARTS["metrics-server"].ships
    assert other.app_version("metrics-server") is None


@pytest.mark.parametrize(
    ("key", "written", "tag"),
    [
        ("cert-manager", "1.21.0", "v1.21.0"),
        ("cert-manager", "v1.21.0", "v1.21.0"),
        ("knative-operator", "1.22.3", "v1.22.3"),
        ("istiod", "v1.29.6", "1.29.6"),
        ("istiod", "1.29.6", "1.29.6"),
    ],
)
def test_a_version_may_be_written_with_its_v_or_without(key: str, written: str, tag: str) -> None:
    charts = Charts(overrides={key: ChartOverride(version=written)})
    assert (charts[key].version, charts.version(key)) == (written, tag)


def test_a_pin_without_its_v_is_still_the_pin() -> None:
    bare = versions.CHARTS["kserve-resources"].version.removeprefix("v")
    assert Charts(overrides={"kserve-resources": ChartOverride(version=bare)}).app_version("kserve-resources")


def test_knative_keeps_its_operators_digests_unless_the_stack_has_its_own() -> None:
    assert own_images(Images(), "1.21.1") == {}


def test_a_mirror_reaches_knatives_images_and_the_models_sidecar() -> None:
    spec = run_stack("dev", {"imageMirror": "mirror.test/all"}).one("KnativeServing").inputs["spec"]
    override = spec["registry"]["override"]
    assert set(override) == set(serving_images("1.21.1"))
    assert all(each.startswith("mirror.test/all/gcr.io/knative-releases/") for each in override.values())
    deployment = spec["config"]["deployment"]
    assert deployment["queue-sidecar-image"] == override["queue-proxy"]
    assert "mirror.test" in deployment["registries-skipping-tag-resolving"].split(",")
    assert deployment["progress-deadline"] == "600s"


def test_every_deployment_that_the_operator_makes_has_its_own_image() -> None:
    named = serving_images("1.21.1")
    assert len(set(named.values())) == len(named)
    assert named["controller/controller"].endswith("/serving/cmd/controller:v1.21.1")
    assert named["net-istio-controller/controller"].endswith("/net-istio/cmd/controller:v1.21.4")


@pytest.mark.parametrize(
    ("version", "serving", "net_istio"),
    [("1.22", "1.22.1", "1.22.1"), ("1.22.0", "1.22.0", "1.22.1"), ("1.21", "1.21.3", "1.21.4")],
)
def test_another_version_of_serving_is_mirrored_with_the_patch_and_the_net_istio_that_the_operator_has(
    version: str, serving: str, net_istio: str
) -> None:
    run = run_stack("dev", {"imageMirror": "mirror.test/all", "knativeServing": {"version": version}})
    spec = run.one("KnativeServing").inputs["spec"]
    assert spec["version"] == version
    override = spec["registry"]["override"]
    assert override["activator"].endswith(f"/serving/cmd/activator:v{serving}")
    assert override["net-istio-controller/controller"].endswith(f"/net-istio/cmd/controller:v{net_istio}")
    assert spec["config"]["deployment"]["queue-sidecar-image"].endswith(f"/serving/cmd/queue:v{serving}")


def test_the_serving_that_is_pinned_is_the_newest_of_its_line_in_the_operator() -> None:
    assert exact(versions.KNATIVE_SERVING) == carried(versions.KNATIVE_SERVING).serving


def test_images_of_a_serving_that_are_not_known_are_the_operators_own_or_the_stacks() -> None:
    assert own_images(Images(digests={"docker.io/library/postgres:17": DIGEST}), "1.30.0") == {}
    base = {**BASE, "imageMirror": "mirror.test/all"}
    with pytest.raises(
        SettingsError, match=r"slipway:knativeServing.version: '1.30.0': Slipway knows the images of 1.20 to 1.23"
    ):
        parse_settings({**base, "knativeServing": {"version": "1.30.0"}})
    parse_settings(
        {**base, "knativeServing": {"version": "1.30.0", "registry": {"override": {"activator": "a.b/c:1"}}}}
    )


@pytest.fixture(scope="module")
def mirrored() -> Run:
    return run_stack("dev", {"chartMirror": "oci://mirror.test/charts", "platform": {"servingRuntimes": True}})


def test_one_key_takes_every_chart_from_the_mirror(mirrored: Run) -> None:
    releases = mirrored.of("Release")
    assert {entry.inputs["chart"].rpartition("/")[0] for entry in releases} == {"oci://mirror.test/charts"}
    assert not [entry for entry in releases if entry.inputs.get("repositoryOpts")]
    assert "oci://mirror.test/charts/kserve-runtime-configs" in {entry.inputs["chart"] for entry in releases}
    versions_of = {entry.name: entry.inputs["version"] for entry in releases}
    assert versions_of["istio-base"] == versions.CHARTS["istio-base"].version


def test_a_chart_that_the_stack_names_itself_is_not_looked_for_in_the_mirror(tmp_path: Path) -> None:
    (tmp_path / "Chart.yaml").touch()
    charts = {"cert-manager": {"chart": os.path.relpath(tmp_path)}}
    run = run_stack("dev", {"chartMirror": "oci://mirror.test/charts", "charts": charts})
    assert run.one("Release", "cert-manager").inputs["chart"] == os.path.relpath(tmp_path)


BASE: dict[str, Any] = {"cluster": {"kind": {"name": "test"}}, "ingress": {"domain": "models.test"}}


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "No such file"), ("- a\n", "not a mapping"), ("a: 1\n", "not a mapping"), ("{", "not a mapping")],
)
def test_a_lock_file_that_cannot_be_used_is_a_fault_of_the_settings(
    tmp_path: Path, content: str | None, said: str
) -> None:
    file = tmp_path / "lock.yaml"
    if content:
        file.write_text(content)
    with pytest.raises(SettingsError, match=rf"slipway:imageLock: .*{said}.*tools images STACK --lock"):
        parse_settings({**BASE, "imageLock": str(file)})


def test_without_a_lock_file_tags_are_all_there_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert parse_settings(BASE).image_references.digests == {}
    Path(lock.DEFAULT).write_text(lock.text({"docker.io/library/postgres:17": DIGEST}))
    assert parse_settings(BASE).image_references["postgres"].endswith(DIGEST)


def found(content: dict[str, Any]) -> set[str]:
    return references(Manifest(content={"apiVersion": "v1", "kind": "Thing", **content}))


def test_images_are_found_wherever_a_controller_reads_them() -> None:
    assert found({"spec": {"containers": [{"image": "busybox"}]}}) == {"busybox"}
    assert found({"env": [{"name": "OPERATOR_IMAGE_NAME", "value": "ghcr.io/a/b:1"}]}) == {"ghcr.io/a/b:1"}
    assert found({"args": ["--acme-http01-solver-image=quay.io/a/b:1"]}) == {"quay.io/a/b:1"}
    assert found({"spec": {"imageName": "ghcr.io/a/postgresql:17"}}) == {"ghcr.io/a/postgresql:17"}
    assert found({"data": {"queue-sidecar-image": "gcr.io/q:1", "SIDECAR_IMAGE": "ghcr.io/s:1"}}) == {
        "gcr.io/q:1",
        "ghcr.io/s:1",
    }
    assert found({"data": {"agent": '{"image": "kserve/agent:1"}', "_example": '{"image": "no/no:1"}'}}) == {
        "kserve/agent:1"
    }
    assert found({"data": {"art": '{"image": "kserve/art", "defaultImageVersion": "1"}'}}) == {"kserve/art:1"}
    assert found({"spec": {"registry": {"override": {"activator": "gcr.io/x/activator:1"}}}}) == {
        "gcr.io/x/activator:1"
    }


def test_what_only_looks_like_an_image_is_none() -> None:
    assert not found({"spec": {"containers": [{"image": "auto"}]}})
    assert not found({"spec": {"imagePullPolicy": "Always"}, "data": {"values": '{"image": "proxyv2"}'}})
    assert not found({"data": {"template": 'image: "{{ .ProxyImage }}"\nx: {{ if }}'}})


@pytest.fixture
def source() -> Iterator[Registry]:
    with registry_server() as server:
        yield server


@pytest.fixture
def target(monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    """Another registry; what crane would copy is copied from store to store."""
    with registry_server() as server:

        def copy(source: str, target: str) -> None:
            at, to = Reference.parse(source), Reference.parse(target)
            server.put(to.name, to.version, Registry.AT[at.host].manifests[at.name, at.version])

        def tag(reference: str, name: str) -> None:
            at = Reference.parse(reference)
            server.put(at.name, name, server.manifests[at.name, at.version])

        monkeypatch.setattr(registry, "copy", copy)
        monkeypatch.setattr(registry, "tag", tag)
        yield server


def image(name: str) -> Image:
    return Image(name=name, at=name, digest=None, users=("test",))


def test_what_the_mirror_has_is_not_copied_again(source: Registry, target: Registry) -> None:
    source.image("a", "1", "linux/amd64")
    wanted = image(f"{source.host}/a:1")
    assert mirror.copy_image(wanted, f"{target.host}/all") == "copied"
    assert mirror.copy_image(wanted, f"{target.host}/all") == "there"
    assert (f"all/{source.host}/a", "1") in target.manifests


def test_a_tag_that_moved_is_copied_again(source: Registry, target: Registry) -> None:
    source.image("a", "1", "linux/amd64")
    target.image(f"{source.host}/a", "1", "linux/arm64")
    assert mirror.copy_image(image(f"{source.host}/a:1"), target.host) == "copied"


def test_a_registry_that_changes_digests_is_not_a_mirror(
    source: Registry, target: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    source.image("a", "1", "linux/amd64")
    monkeypatch.setattr(registry, "copy", lambda *_: target.image(f"{source.host}/a", "1", "linux/riscv64"))
    with pytest.raises(SlipwayError, match="the registry changed it"):
        mirror.copy_image(image(f"{source.host}/a:1"), target.host)


def test_a_mirror_that_does_not_answer_is_not_an_empty_one(source: Registry, target: Registry) -> None:
    source.image("a", "1", "linux/amd64")
    target.answer = {"manifests": 503}
    with pytest.raises(SlipwayError, match="answers 503"):
        mirror.copy_image(image(f"{source.host}/a:1"), target.host)
    assert not target.manifests


def pushed_as(name: str, version: str, monkeypatch: pytest.MonkeyPatch, target: Registry) -> None:
    """Plays a chart whose archive says that of itself, and `helm push`."""

    def helm(arguments: Sequence[str], _timeout: float) -> str:
        if arguments[0] == "show":
            return f"name: {name}\nversion: {version}\n"
        target.image(f"charts/{name}", version.replace("+", "_"), "linux/amd64")
        return ""

    monkeypatch.setattr(mirror, "fetched", lambda _release: Path(__file__))
    monkeypatch.setattr(mirror, "helm", helm)


def chart_of(chart: str, version: str, repository: str | None = "https://charts.test") -> Release:
    return Release(
        key=chart, name=chart, namespace=chart, chart=chart, version=version, repository=repository, values={}
    )


@pytest.mark.parametrize(
    ("itself", "pinned"),
    [
        (("operator", "1.21.4"), ("operator", "v1.21.4")),
        (("operator", "v1.21.4"), ("operator", "1.21.4")),
        (("operator", "1.21.4+up1"), ("operator", "1.21.4")),
        (("operator-chart", "1.21.4"), ("operator", "1.21.4")),
        (("operator-chart", "1.21.4"), ("operator", "v1.21.4")),
        (("operator", "1.21.4"), ("operator", "1.21.4")),
    ],
)
def test_a_chart_is_in_the_mirror_under_the_name_and_version_that_stacks_ask_for(
    itself: tuple[str, str], pinned: tuple[str, str], target: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    pushed_as(*itself, monkeypatch, target)
    to = f"oci://{target.host}/charts"
    assert mirror.copy_chart(chart_of(*pinned), to) == "copied"
    assert (f"charts/{pinned[0]}", pinned[1]) in target.manifests
    assert mirror.copy_chart(chart_of(*pinned), to) == "there"


def test_a_lock_keeps_what_cannot_be_asked_now(source: Registry, tmp_path: Path) -> None:
    found = source.image("a", "1", "linux/amd64", "linux/arm64")
    file = tmp_path / "lock.yaml"
    file.write_text(lock.text({"gcr.io/other:1": DIGEST}))
    lines = [listing.asked(image(f"{source.host}/{name}"), "linux/arm64") for name in ("a:1", "gone:1")]
    said = listing.write_lock(lines, str(file))
    assert lock.digests(str(file)) == {"gcr.io/other:1": DIGEST, f"{source.host}/a:1": found}
    assert f"not locked: {source.host}/gone:1: {source.host} has no {source.host}/gone:1" in said
    assert listing.NOT_REACHABLE in listing.text(lines)


def test_an_image_for_other_machines_is_not_locked(source: Registry) -> None:
    source.image("a", "1", "linux/amd64", "linux/s390x")
    line = listing.asked(image(f"{source.host}/a:1"), "linux/arm64")
    assert (line.digest, line.why) == (None, "is for linux/amd64, linux/s390x and not for linux/arm64")


@pytest.mark.parametrize(
    ("reference", "plain"),
    [("localhost:5000/a", True), ("10.1.2.3:5000/a", True), ("172.20.0.1/a", True), ("172.40.0.1/a", False)],
)
def test_only_a_registry_nearby_may_be_without_tls(reference: str, plain: bool) -> None:
    assert near(reference) is plain
    assert not near("registry.example.com/a")


def test_a_lock_that_cannot_be_read_is_not_written_over(tmp_path: Path) -> None:
    file = tmp_path / "lock.yaml"
    file.write_text("docker.io/library/postgres:17: cut in the mid")
    with pytest.raises(lock.LockError, match="not a mapping of images to sha256 digests"):
        listing.write_lock([], str(file))
    assert "cut in the mid" in file.read_text()
    file.unlink()
    listing.write_lock([], str(file))
    assert lock.digests(str(file)) == {}
