"""Nothing is done to another cluster than the one that the state is of."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from pulumi.dynamic import Config, ConfigureRequest

from components.clients import identity, kubeconfig
from components.clients.cluster_api import ClusterError
from components.clients.identity import OtherCluster
from components.dynamic import cluster_identity, kind_cluster
from components.dynamic.cluster_identity import ClusterIdentity, ClusterIdentityProvider
from components.dynamic.kind_cluster import KindCluster
from components.errors import SlipwayError
from tools.engine.stack import Stack
from tools.lifecycle import continuity

LEAVE = "leave-cluster-of-there"
EXISTING = {"kubeconfig": "~/.kube/config", "context": "production"}


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def stack(**cluster: Any) -> Stack:
    Path("Pulumi.there.yaml").write_text(yaml.safe_dump({"config": {"slipway:cluster": cluster}}))
    return Stack("there")


def of(uid: str) -> list[dict[str, Any]]:
    return [{"type": ClusterIdentity.token, "outputs": {"uid": uid}}]


def answers(monkeypatch: pytest.MonkeyPatch, uid: str | None) -> None:
    def found(_stack: Stack) -> str:
        if uid is None:
            raise ClusterError("the cluster does not answer")
        return uid

    monkeypatch.setattr(continuity, "_found", found)


@pytest.mark.usefixtures("checkout")
def test_the_same_cluster_under_any_name_is_no_reason_for_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    answers(monkeypatch, "u1")
    for context in ("production", "prod-eu"):
        assert continuity.left(stack(existing={**EXISTING, "context": context}), of("u1"), None) is None
    assert continuity.left(stack(existing=EXISTING), [], None) is None
    with pytest.raises(SlipwayError, match="there is nothing to leave"):
        continuity.left(stack(existing=EXISTING), of("u1"), LEAVE)


@pytest.mark.usefixtures("checkout")
def test_another_cluster_under_the_same_name_is_refused_until_the_word_is_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers(monkeypatch, "u2")
    there = stack(existing=EXISTING)
    for confirm in (None, "yes", "delete-data-of-there"):
        with pytest.raises(OtherCluster, match=rf"cluster u2 .* cluster u1\..*CONFIRM={LEAVE}"):
            continuity.left(there, of("u1"), confirm)
    assert continuity.left(there, of("u1"), LEAVE) is not None


@pytest.mark.usefixtures("checkout")
def test_a_cluster_that_does_not_answer_is_not_taken_for_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    answers(monkeypatch, None)
    there = stack(existing=EXISTING)
    with pytest.raises(ClusterError, match=f"gone for good.*CONFIRM={LEAVE}"):
        continuity.left(there, of("u1"), None)
    assert continuity.left(there, of("u1"), LEAVE) is not None
    with pytest.raises(ClusterError):
        continuity.left(there, [], LEAVE)


def test_a_kind_cluster_is_gone_only_for_the_checkout_that_had_it(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kind_cluster, "there", lambda _name: False)
    made = [{"type": KindCluster.token, "outputs": {"identity": "u1"}}]
    there = stack(kind={"name": "slipway-there"})
    assert continuity.left(there, [], None) is None
    with pytest.raises(SlipwayError, match="is not on this machine"):
        continuity.left(there, made, None)
    assert continuity.left(there, made, LEAVE) is not None
    own = kubeconfig.own(checkout / ".slipway" / "there")
    own.parent.mkdir(parents=True)
    own.write_text("")
    assert continuity.left(there, made, None) is not None


def test_a_kind_cluster_whose_deletion_was_cut_off_is_gone_and_a_later_one_of_its_name_is_not(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kind_cluster, "there", lambda _name: False)
    monkeypatch.setattr(kind_cluster, "run", lambda *_, **__: "")
    monkeypatch.setattr(kind_cluster, "_remove_registry", lambda _name: None)
    there, own = stack(kind={"name": "slipway-there"}), kubeconfig.own(checkout / ".slipway" / "there")
    own.parent.mkdir(parents=True)
    own.write_text("")
    kind_cluster.delete({"name": "slipway-there", "kubeconfig_path": str(own), "identity": "u1"})
    assert not own.exists()
    assert continuity.left(there, [{"type": KindCluster.token, "outputs": {"identity": "u1"}}], None) is not None
    with pytest.raises(SlipwayError, match="is not on this machine"):
        continuity.left(there, [{"type": KindCluster.token, "outputs": {"identity": "u2"}}], None)


@pytest.mark.usefixtures("checkout")
def test_a_kind_cluster_of_the_same_name_on_another_machine_is_another_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kind_cluster, "there", lambda _name: True)
    monkeypatch.setattr(kind_cluster, "write_kubeconfig", lambda _spec: None)
    made, there = [{"type": KindCluster.token, "outputs": {"identity": "u1"}}], stack(kind={"name": "slipway-there"})
    # One that does not answer may be broken, and has to be destroyed.
    for found in ("u1", None):
        monkeypatch.setattr(continuity, "_uid_of_kind", lambda _stack, found=found: found)
        assert continuity.left(there, made, None) is None
    monkeypatch.setattr(continuity, "_uid_of_kind", lambda _stack: "u2")
    with pytest.raises(OtherCluster, match=f"the kind cluster slipway-there of this machine.*CONFIRM={LEAVE}"):
        continuity.left(there, made, None)
    assert continuity.left(there, made, LEAVE) is not None


PROPS = {"kubeconfig_path": ".slipway/there/kubeconfig", "stack": "there"}


def provider(monkeypatch: pytest.MonkeyPatch, uid: str | None) -> ClusterIdentityProvider:
    def found(_cluster: object) -> str:
        if uid is None:
            raise ClusterError("the cluster does not answer")
        return uid

    monkeypatch.setattr(identity, "uid", found)
    monkeypatch.setattr(kubeconfig, "write", lambda *_: None)
    monkeypatch.setattr(cluster_identity, "cluster_of", lambda _props: None)
    made = ClusterIdentityProvider()
    made.configure(ConfigureRequest(Config({"slipway:cluster": {"existing": EXISTING}}, "slipway")))
    return made


def test_plain_pulumi_refuses_another_cluster_too(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = {**PROPS, "uid": "u1"}
    same = provider(monkeypatch, "u1").check(kept, PROPS)
    assert (same.inputs["uid"], same.failures) == ("u1", [])
    (failure,) = provider(monkeypatch, "u2").check(kept, PROPS).failures
    assert "cluster u2" in failure.reason
    assert "cluster u1" in failure.reason
    with pytest.raises(OtherCluster):
        provider(monkeypatch, "u2").read("u1", kept)
    silent = provider(monkeypatch, None).check(kept, PROPS)
    assert (silent.inputs["uid"], silent.failures) == ("u1", [])


def test_a_new_stack_takes_the_cluster_that_it_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    assert provider(monkeypatch, "u1").check({}, PROPS).inputs["uid"] == "u1"
    made = provider(monkeypatch, "u1").create(PROPS)
    assert made.id == "u1"
    # A preview of one needs no cluster.
    assert provider(monkeypatch, None).check({}, PROPS).failures == []


def test_no_path_and_no_name_of_this_machine_is_an_input_of_the_identity() -> None:
    assert not {"kubeconfig", "context"} & PROPS.keys()
    assert not Path(PROPS["kubeconfig_path"]).is_absolute()


def test_the_stacks_kubeconfig_has_one_context_and_whole_paths(tmp_path: Path) -> None:
    given = {
        "contexts": [{"name": name, "context": {"cluster": name, "user": "me", "namespace": "x"}} for name in "ab"],
        "clusters": [{"name": name, "cluster": {"server": name, "certificate-authority": "ca.crt"}} for name in "ab"],
        "users": [{"name": "me", "user": {"client-key": "/keys/me", "exec": {"command": "./login"}}}],
    }
    source = tmp_path / "config"
    source.write_text(yaml.safe_dump(given))
    made = kubeconfig.single(source, "b")
    assert made["clusters"][0]["cluster"] == {"server": "b", "certificate-authority": str(tmp_path / "ca.crt")}
    assert made["users"][0]["user"]["client-key"] == "/keys/me"
    assert Path(made["users"][0]["user"]["exec"]["command"]) == tmp_path / "login"
    assert made["contexts"][0]["context"]["namespace"] == "x"
    with pytest.raises(SlipwayError, match=r"cluster\.existing\.context: c: .* it has: a, b"):
        kubeconfig.single(source, "c")
    source.write_text("{")
    with pytest.raises(SlipwayError, match="not YAML"):
        kubeconfig.single(source, "a")
    own = tmp_path / "stack" / "kubeconfig"
    source.write_text(yaml.safe_dump(given))
    kubeconfig.write({"kubeconfig": str(source), "context": "a"}, own)
    assert own.stat().st_mode & 0o777 == 0o600
