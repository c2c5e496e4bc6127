"""A registry's answers, good and bad: each bad one is told apart, with what to do."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.registry_server import Registry, registry_server
from tools.images import oci
from tools.images.oci import Reference, RegistryFault


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    with registry_server() as server:
        yield server


def fault(reference: str) -> RegistryFault:
    with pytest.raises(RegistryFault) as caught:
        oci.manifest(reference)
    return caught.value


@pytest.mark.parametrize(
    ("text", "host", "name", "version"),
    [
        ("postgres:17", "docker.io", "library/postgres", "17"),
        ("oci://ghcr.io/a/charts/b:v1", "ghcr.io", "a/charts/b", "v1"),
        ("localhost:5000/a/b", "localhost:5000", "a/b", "latest"),
        (f"quay.io/a:1@sha256:{'a' * 64}", "quay.io", "a", f"sha256:{'a' * 64}"),
        (f"quay.io/a@sha256:{'a' * 64}", "quay.io", "a", f"sha256:{'a' * 64}"),
    ],
)
def test_a_reference_is_read_as_docker_reads_it(text: str, host: str, name: str, version: str) -> None:
    assert Reference.parse(text) == Reference(host=host, name=name, version=version)


def test_an_image_has_its_digest_and_its_platforms(registry: Registry) -> None:
    several = registry.image("a/b", "1", "linux/amd64", "linux/arm64")
    one = registry.image("a/c", "1", "linux/arm64")
    assert oci.manifest(f"{registry.host}/a/b:1") == oci.Manifest(
        digest=several, platforms=frozenset({"linux/amd64", "linux/arm64"})
    )
    assert oci.manifest(f"{registry.host}/a/c:1").platforms == {"linux/arm64"}
    assert oci.manifest(f"{registry.host}/a/c:1@{one}").digest == one


def test_a_digest_is_worked_out_where_the_registry_does_not_name_it(registry: Registry) -> None:
    found = registry.image("a", "1", "linux/amd64")
    registry.names_digest = False
    assert oci.digest(f"{registry.host}/a:1") == found


def test_a_token_is_fetched_once_for_what_is_asked(registry: Registry) -> None:
    registry.wants_token = True
    registry.image("a", "1", "linux/amd64")
    assert oci.manifest(f"{registry.host}/a:1").platforms == {"linux/amd64"}
    tokens = [path for path in registry.asked if "/token" in path]
    assert tokens == ["GET /token?scope=repository%3Aa%3Apull&service=test"]


@pytest.mark.parametrize("wants_token", [True, False])
@pytest.mark.parametrize("status", [401, 403])
def test_what_is_refused_to_anybody_says_so(registry: Registry, status: int, wants_token: bool) -> None:
    registry.wants_token, registry.answer = wants_token, {"/manifests/": status}
    found = fault(f"{registry.host}/minio:1")
    assert found.kind == "refused"
    assert "docker login" in str(found)


def test_what_is_not_there_is_named(registry: Registry) -> None:
    registry.image("a", "1", "linux/amd64")
    found = fault(f"{registry.host}/a:2")
    assert (found.kind, str(found)) == (
        "absent",
        f"{registry.host} has no {registry.host}/a:2; look at the name and the version",
    )


def test_a_registry_that_asks_for_a_moment_gets_it_once(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr("tools.images.oci.time.sleep", waits.append)
    found = registry.image("a", "1", "linux/amd64")
    registry.first, registry.headers = [429], {"Retry-After": "2"}
    assert oci.digest(f"{registry.host}/a:1") == found
    registry.first = [429, 429]
    assert fault(f"{registry.host}/a:1").kind == "busy"
    assert waits == [2.0, 2.0]


@pytest.mark.parametrize("patience", ["3600", "Wed, 21 Oct 2026 07:28:00 GMT", None])
def test_a_registry_that_asks_for_an_hour_is_not_waited_for(registry: Registry, patience: str | None) -> None:
    registry.answer, registry.headers = {"/manifests/": 429}, {"Retry-After": patience} if patience else {}
    found = fault(f"{registry.host}/a:1")
    assert found.kind == "busy"
    assert ("come back in 3600 s" in str(found)) == (patience == "3600")
    assert len(registry.asked) == 1


def test_an_answer_that_breaks_off_is_no_manifest(registry: Registry) -> None:
    registry.image("a", "1", "linux/amd64")
    registry.cut = True
    assert fault(f"{registry.host}/a:1").kind == "broken"


def test_a_page_in_place_of_a_manifest_is_no_manifest(registry: Registry) -> None:
    registry.answer = {"/manifests/": 200}
    assert "no manifest" in str(fault(f"{registry.host}/a:1"))


def test_a_manifest_that_is_not_what_its_digest_says_is_refused(registry: Registry) -> None:
    registry.image("a", "1", "linux/amd64")
    wrong = f"sha256:{'0' * 64}"
    registry.manifests["a", wrong] = registry.manifests["a", "1"]
    registry.names_digest = False
    assert f"and not {wrong}" in str(fault(f"{registry.host}/a@{wrong}"))


def test_nobody_there_is_told_with_the_reason() -> None:
    found = fault("127.0.0.1:9/a:1")
    assert found.kind == "unreachable"
    assert "refused" in str(found)
    assert "slipway:imageMirror" in str(found)


def test_a_login_of_docker_is_used(registry: Registry, tmp_path: Path) -> None:
    auth = base64.b64encode(b"me:secret").decode()
    (tmp_path / "config.json").write_text(json.dumps({"auths": {registry.host: {"auth": auth}}}))
    registry.first, registry.headers = [401], {"WWW-Authenticate": 'Basic realm="test"'}
    found = registry.image("a", "1", "linux/amd64")
    assert oci.digest(f"{registry.host}/a:1") == found


def test_without_a_login_a_registry_that_wants_one_says_so(registry: Registry) -> None:
    registry.first, registry.headers = [401], {"WWW-Authenticate": 'Basic realm="test"'}
    assert "wants a login" in str(fault(f"{registry.host}/a:1"))
