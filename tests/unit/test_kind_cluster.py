"""The kind cluster's provider: what it runs, in which order, and what it leaves."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from components.clients.identity import OtherCluster
from components.clients.process import CommandFailed
from components.dynamic import kind_cluster
from components.dynamic.kind_cluster import KindProvider


class Machine:
    """Plays `kind` and `docker`: records every command, and knows which clusters and containers there are."""

    def __init__(self) -> None:
        self.clusters: set[str] = set()
        # The UID of the cluster's kube-system.
        self.uid = "u1"
        self.running: set[str] = set()
        self.networks: set[str] = set()
        self.commands: list[list[str]] = []
        self.stdin: dict[str, str] = {}
        self.fails: str | None = None
        # What `docker ps` says of the containers that publish a port.
        self.published: dict[str, str] = {}
        self.on_network: set[str] = set()

    def run(
        self,
        command: Sequence[str],
        *,
        stdin: str | None = None,
        env: Mapping[str, str] | None = None,  # noqa: ARG002
        timeout: float = 60,  # noqa: ARG002
    ) -> str:
        words = list(command)
        self.commands.append(words)
        if stdin is not None:
            self.stdin[words[-1]] = stdin
        name = words[words.index("--name") + 1] if "--name" in words else ""
        match words:
            case ["kind", "get", "kubeconfig", *_]:
                return "apiVersion: v1"
            case ["kind", "create", *_]:
                self.clusters.add(name)
                self.networks.add(name)
                self.running.add(f"{name}-control-plane")
                if self.fails:
                    raise CommandFailed(self.fails)
            case ["kind", "delete", *_]:
                self.clusters.discard(name)
                self.running.discard(f"{name}-control-plane")
            case ["docker", "inspect", *_]:
                return '{"test": {}}'
            case ["docker", "run", *_]:
                self.running.add(name)
            case ["docker", "rm", *_]:
                self.running.discard(words[-1])
            case ["docker", "ps", "--all", "--filter", *_]:
                states = {
                    name: "running" if f"{name}-control-plane" in self.running else "exited" for name in self.clusters
                }
                return "".join(f"{name}-control-plane {state}\n" for name, state in states.items())
            case ["docker", "ps", "--filter", asked, *_]:
                return self.published.get(asked.removeprefix("publish="), "")
            case ["docker", "network", "inspect", *_]:
                return " ".join(self.on_network)
            case ["docker", "network", "connect", _, member]:
                self.on_network.add(member)
            case ["docker", "network", "disconnect", *_]:
                self.on_network.discard(words[-1])
            case ["docker", "ps", *_]:
                return "id" if words[-1].removeprefix("name=^").removesuffix("$") in self.running else ""
            case ["docker", "network", "ls", *_]:
                return "id" if words[-1].removeprefix("name=^").removesuffix("$") in self.networks else ""
            case ["docker", "network", "rm", *_]:
                self.networks.discard(words[-1])
        return ""

    def ran(self, *start: str) -> list[list[str]]:
        return [words for words in self.commands if words[: len(start)] == list(start)]


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    played = Machine()
    monkeypatch.setattr(kind_cluster, "run", played.run)
    monkeypatch.setattr(kind_cluster, "_refuse_taken_ports", lambda _ports: None)
    monkeypatch.setattr(kind_cluster, "_identity", lambda _props: played.uid)
    return played


@pytest.fixture
def props(tmp_path: Path) -> dict[str, Any]:
    return {
        "name": "test",
        "node_image": "kindest/node:v1",
        "workers": 1,
        "http_port": 8080,
        "https_port": 8443,
        "registry_port": 5001,
        "registry_image": "registry:2",
        "mirrors": {"docker.io": "http://mirror.test:5000"},
        "kubeconfig_path": str(tmp_path / "kubeconfig"),
        "stack": "dev",
        "adopt": False,
    }


def test_a_cluster_is_made_with_its_own_kubeconfig_and_a_registry_that_its_nodes_know(
    machine: Machine, props: dict[str, Any]
) -> None:
    made = KindProvider().create(props)
    [create] = machine.ran("kind", "create")
    assert create[create.index("--kubeconfig") + 1] == props["kubeconfig_path"]
    assert Path(props["kubeconfig_path"]).stat().st_mode & 0o777 == 0o600
    assert made.outs is not None
    assert made.outs["identity"] == "u1"
    [registry] = machine.ran("docker", "run")
    assert "127.0.0.1:5001:5000" in registry
    assert "REGISTRY_STORAGE_DELETE_ENABLED=true" in registry
    folder = "/etc/containerd/certs.d"
    assert 'host."http://test-registry:5000"' in machine.stdin[f"{folder}/localhost:5001/hosts.toml"]
    assert 'host."http://mirror.test:5000"' in machine.stdin[f"{folder}/docker.io/hosts.toml"]


def test_the_gateways_ports_are_on_loopback_only(props: dict[str, Any]) -> None:
    nodes = kind_cluster.configuration(props)["nodes"]
    assert [node["role"] for node in nodes] == ["control-plane", "worker"]
    ports = nodes[0]["extraPortMappings"]
    assert {(port["hostPort"], port["containerPort"]) for port in ports} == {(8080, 30080), (8443, 30443)}
    assert {port["listenAddress"] for port in ports} == {"127.0.0.1"}


def test_a_cluster_of_that_name_is_not_touched_and_the_error_says_what_to_do(
    machine: Machine, props: dict[str, Any]
) -> None:
    machine.clusters.add("test")
    machine.running.add("test-control-plane")
    with pytest.raises(CommandFailed) as caught:
        KindProvider().create(props)
    assert "kind delete cluster --name test" in str(caught.value)
    assert "slipway:cluster.kind.adopt: true" in str(caught.value)
    assert not machine.ran("kind", "create")
    assert not machine.ran("kind", "delete")


def test_a_cluster_is_adopted_only_when_asked(machine: Machine, props: dict[str, Any]) -> None:
    machine.clusters.add("test")
    machine.running.add("test-control-plane")
    KindProvider().create({**props, "adopt": True})
    assert not machine.ran("kind", "create")
    assert machine.ran("docker", "run")


def test_a_failed_creation_leaves_nothing(machine: Machine, props: dict[str, Any]) -> None:
    machine.fails = "out of disk"
    with pytest.raises(CommandFailed, match="out of disk"):
        KindProvider().create(props)
    assert not machine.clusters
    assert not machine.running
    assert not machine.networks


def test_a_cluster_whose_making_was_cut_off_is_made_anew(machine: Machine, props: dict[str, Any]) -> None:
    # The run was killed: what it made is there, and no state knows of it.
    KindProvider().create(props)
    KindProvider().create(props)
    assert len(machine.ran("kind", "delete")) == 1
    assert len(machine.ran("kind", "create")) == 2
    # Once the state has it, it is a cluster like any other.
    KindProvider().check(props, props)
    with pytest.raises(CommandFailed, match="is not in this stack's state"):
        KindProvider().create(props)


def test_delete_removes_cluster_registry_network_and_kubeconfig(machine: Machine, props: dict[str, Any]) -> None:
    KindProvider().create(props)
    KindProvider().delete("test", {**props, "identity": machine.uid})
    assert (machine.clusters, machine.running, machine.networks) == (set(), set(), set())
    assert not Path(props["kubeconfig_path"]).exists()


def test_a_cluster_of_somebody_else_with_this_name_is_not_deleted(machine: Machine, props: dict[str, Any]) -> None:
    made = dict(KindProvider().create(props).outs or {})
    machine.uid = "u2"
    with pytest.raises(OtherCluster):
        KindProvider().delete("test", made)
    assert machine.clusters == {"test"}


@pytest.fixture
def cut_off(machine: Machine, props: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A cluster of this checkout whose deletion was killed as it told kind."""
    made = dict(KindProvider().create(props).outs or {})
    monkeypatch.setattr(kind_cluster, "_STOPPED_WITHIN", 0.0)
    with monkeypatch.context() as killed:
        killed.setattr(kind_cluster, "run", lambda *_words, **_options: pytest.fail("killed"))
        with pytest.raises(pytest.fail.Exception):
            kind_cluster.delete(made)
    assert machine.clusters == {"test"}
    return made


def finish(made: Mapping[str, Any]) -> None:
    kind_cluster.finish_deletion("test", made["kubeconfig_path"], made["identity"])


def test_a_deletion_that_docker_goes_on_with_is_finished(machine: Machine, cut_off: dict[str, Any]) -> None:
    machine.running.discard("test-control-plane")
    finish(cut_off)
    assert not machine.clusters
    assert not machine.running
    assert not machine.networks
    assert kind_cluster.made_here(cut_off["kubeconfig_path"], cut_off["identity"])


def test_a_cluster_that_its_deletion_did_not_reach_is_in_use_again(machine: Machine, cut_off: dict[str, Any]) -> None:
    finish(cut_off)
    machine.running.discard("test-control-plane")
    # Stopped later, for another reason.
    finish(cut_off)
    assert machine.clusters == {"test"}


def test_a_stopped_cluster_that_nobody_began_to_delete_is_left(machine: Machine, props: dict[str, Any]) -> None:
    made = dict(KindProvider().create(props).outs or {})
    machine.running.discard("test-control-plane")
    finish(made)
    assert machine.clusters == {"test"}


def test_delete_of_what_is_gone_is_no_error(machine: Machine, props: dict[str, Any]) -> None:
    KindProvider().create(props)
    machine.clusters.clear()
    machine.running.clear()
    KindProvider().delete("test", {**props, "identity": machine.uid})
    assert not machine.ran("docker", "rm")


@pytest.mark.usefixtures("machine")
def test_no_change_is_no_difference(props: dict[str, Any]) -> None:
    made = KindProvider().create(props).outs
    assert made is not None
    assert KindProvider().diff("test", made, props).changes is False


@pytest.mark.usefixtures("machine")
@pytest.mark.parametrize(
    ("key", "value"), [("node_image", "kindest/node:v2"), ("http_port", 9090), ("workers", 2), ("mirrors", {})]
)
def test_any_change_of_the_cluster_replaces_it(props: dict[str, Any], key: str, value: Any) -> None:
    made = KindProvider().create(props).outs
    assert made is not None
    found = KindProvider().diff("test", made, {**props, key: value})
    assert found.replaces == [key]
    assert found.delete_before_replace is True


def test_a_vanished_cluster_leaves_the_state_on_refresh(machine: Machine, props: dict[str, Any]) -> None:
    made = KindProvider().create(props).outs
    assert made is not None
    assert KindProvider().read("test", made).id == "test"
    machine.clusters.clear()
    assert KindProvider().read("test", made).id is None


def test_without_its_cluster_a_stack_goes_no_further(machine: Machine, props: dict[str, Any]) -> None:
    assert not KindProvider().check({}, props).failures
    KindProvider().create(props)
    assert not KindProvider().check(props, props).failures
    machine.clusters.clear()
    (failure,) = KindProvider().check(props, props).failures
    assert "the kind cluster test of this stack is not on this machine" in failure.reason


def test_another_machine_neither_forgets_the_cluster_nor_deletes_it(machine: Machine, props: dict[str, Any]) -> None:
    made = KindProvider().create(props).outs
    assert made is not None
    elsewhere = {**made, "kubeconfig_path": f"{made['kubeconfig_path']}.of-another-checkout"}
    machine.clusters.clear()
    for does in (lambda: KindProvider().read("test", elsewhere), lambda: KindProvider().delete("test", elsewhere)):
        with pytest.raises(CommandFailed, match="is not on this machine"):
            does()
    assert not machine.ran("kind", "delete")


def test_another_checkout_on_the_machine_gets_the_kubeconfig(machine: Machine, props: dict[str, Any]) -> None:
    made = KindProvider().create(props).outs
    assert made is not None
    Path(props["kubeconfig_path"]).unlink()
    assert KindProvider().read("test", made).id == "test"
    assert Path(props["kubeconfig_path"]).read_text() == "apiVersion: v1"
    machine.uid = "u2"
    with pytest.raises(OtherCluster, match=r"leads to the cluster u2 .* the state is of the cluster u1"):
        KindProvider().read("test", made)


def test_a_stopped_cluster_is_neither_gone_nor_fine(machine: Machine, props: dict[str, Any]) -> None:
    made = KindProvider().create(props).outs
    assert made is not None
    machine.running.discard("test-control-plane")
    with pytest.raises(CommandFailed, match="docker start test-control-plane"):
        KindProvider().read("test", made)
    assert "docker start test-control-plane" in KindProvider().check(made, props).failures[0].reason


def test_a_taken_port_is_named_with_its_setting() -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(CommandFailed, match=r"slipway:cluster\.kind\.httpPort"):
            kind_cluster._refuse_taken_ports({"httpPort": taken.getsockname()[1]})


CERTS = "/etc/containerd/certs.d"


def test_a_mirror_on_this_machine_is_brought_onto_the_nodes_network_and_off_it_again(
    machine: Machine, props: dict[str, Any]
) -> None:
    machine.published["5999"] = "offline 127.0.0.1:5999->5000/tcp\n"
    props = {**props, "mirrors": {}, "image_mirror": "localhost:5999/all"}
    KindProvider().create(props)
    assert machine.on_network == {"offline"}
    assert '[host."http://offline:5000"]' in machine.stdin[f"{CERTS}/localhost:5999/hosts.toml"]
    upstream = machine.stdin[f"{CERTS}/quay.io/hosts.toml"]
    assert '[host."http://offline:5000/v2/all/quay.io"]' in upstream
    assert "override_path = true" in upstream
    KindProvider().delete("test", {**props, "identity": machine.uid})
    assert not machine.on_network
    assert not machine.networks
    assert "offline" not in {words[-1] for words in machine.ran("docker", "rm")}


def test_without_the_mirrors_container_no_cluster_is_made(machine: Machine, props: dict[str, Any]) -> None:
    with pytest.raises(CommandFailed, match=r"no container publishes that port: start the registry, or write"):
        KindProvider().create({**props, "image_mirror": "localhost:5999"})
    assert not machine.ran("kind", "create")


def test_a_mirror_elsewhere_is_asked_first_for_what_others_name(machine: Machine, props: dict[str, Any]) -> None:
    KindProvider().create({**props, "image_mirror": "registry.example.com/mirror"})
    gcr = machine.stdin[f"{CERTS}/gcr.io/hosts.toml"]
    assert '[host."https://registry.example.com/v2/mirror/gcr.io"]' in gcr
    assert 'host."http://mirror.test:5000"]' in machine.stdin[f"{CERTS}/docker.io/hosts.toml"]
    assert f"{CERTS}/registry.example.com/hosts.toml" not in machine.stdin


def test_another_mirror_is_told_to_the_nodes_that_run(machine: Machine, props: dict[str, Any]) -> None:
    KindProvider().create(props)
    new = {**props, "image_mirror": "registry.example.com"}
    old = {**props, "identity": "1"}
    diff = KindProvider().diff("test", old, new)
    assert diff.changes
    assert not diff.replaces
    made = KindProvider().update("test", old, new)
    assert made.outs is not None
    assert made.outs["identity"] == "1"
    assert f"{CERTS}/gcr.io/hosts.toml" in machine.stdin
    assert len(machine.ran("kind", "create")) == 1


def test_a_state_from_before_the_mirror_was_known_is_no_change(machine: Machine, props: dict[str, Any]) -> None:
    machine.clusters.add("test")
    machine.running.add("test-control-plane")
    assert not KindProvider().diff("test", props, {**props, "image_mirror": None}).changes


def test_a_digest_or_a_mirror_makes_no_new_cluster_and_a_tag_does(machine: Machine, props: dict[str, Any]) -> None:
    machine.clusters.add("test")
    machine.running.add("test-control-plane")
    mirrored = {**props, "image_mirror": "m.test/all", "node_image": "m.test/all/kindest/node:v1@sha256:1"}
    assert not KindProvider().diff("test", props, mirrored).replaces
    assert not KindProvider().diff("test", props, {**props, "registry_image": "registry:2@sha256:1"}).changes
    assert KindProvider().diff("test", props, {**mirrored, "node_image": "m.test/all/kindest/node:v2"}).replaces
