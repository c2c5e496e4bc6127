"""A kind cluster and its registry as one Pulumi resource."""

import json
import os
import re
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pulumi import Output, ResourceOptions
from pulumi.dynamic import CheckFailure, CheckResult, CreateResult, ReadResult, UpdateResult

from components.clients import identity, private
from components.clients.connection import cluster_of
from components.clients.process import CommandFailed, run
from components.dynamic.base import DynamicProvider, DynamicResource
from components.settings.images import upstream
from components.settings.node_ports import HTTP_NODE_PORT, HTTPS_NODE_PORT

# Where the images of a cluster usually come from: its nodes look for them in the mirror first, whoever names them.
_UPSTREAM = ("docker.io", "gcr.io", "ghcr.io", "quay.io", "registry.k8s.io")

# Seconds in which docker has stopped a node that it was told to remove, and in which it has removed it.
_STOPPED_WITHIN, _REMOVED_WITHIN = 5.0, 120.0


@dataclass(frozen=True, kw_only=True)
class KindClusterArgs:
    """What the cluster is made of.

    Any change but the image mirror's makes a new cluster: kind cannot change a running one.
    """

    name: str
    node_image: str
    workers: int
    http_port: int
    https_port: int
    registry_port: int
    registry_image: str
    # Registry host to the URL that the nodes pull it from.
    mirrors: Mapping[str, str]
    # Where this cluster's own kubeconfig file is written, relative to the project.
    kubeconfig_path: str
    stack: str
    # host[:port][/path] before every image's name; one on localhost is a container's published port.
    image_mirror: str | None = None
    adopt: bool = False


def configuration(spec: Mapping[str, Any]) -> dict[str, Any]:
    """kind's own configuration file (https://kind.sigs.k8s.io/docs/user/configuration/)."""
    ports = [
        {"containerPort": container, "hostPort": int(host), "listenAddress": "127.0.0.1", "protocol": "TCP"}
        for container, host in ((HTTP_NODE_PORT, spec["http_port"]), (HTTPS_NODE_PORT, spec["https_port"]))
    ]
    control_plane = {"role": "control-plane", "image": spec["node_image"], "extraPortMappings": ports}
    worker = {"role": "worker", "image": spec["node_image"]}
    return {
        "kind": "Cluster",
        "apiVersion": "kind.x-k8s.io/v1alpha4",
        "nodes": [control_plane, *[worker] * int(spec["workers"])],
        # Node images from before kind 0.27 do not look there by themselves.
        "containerdConfigPatches": [
            '[plugins."io.containerd.grpc.v1.cri".registry]\n  config_path = "/etc/containerd/certs.d"'
        ],
    }


def registry_name(cluster: str) -> str:
    return f"{cluster}-registry"


def registry_hosts(spec: Mapping[str, Any], mirror_url: str | None = None) -> dict[str, str]:
    """containerd's `hosts.toml` of each registry host that the nodes reach elsewhere than under its own name.

    `mirror_url` is where the nodes reach the host of the image mirror. The form is containerd's
    (https://github.com/containerd/containerd/blob/main/docs/hosts.md).
    """
    hosts = {f"localhost:{int(spec['registry_port'])}": f"http://{registry_name(spec['name'])}:5000"}
    if mirror_url:
        host, _, folder = spec["image_mirror"].partition("/")
        hosts |= {each: f"{mirror_url}/v2/{folder}{'/' if folder else ''}{each}" for each in _UPSTREAM}
        hosts |= {host: mirror_url} if mirror_url != f"https://{host}" else {}
    return {host: _hosts_toml(url) for host, url in {**hosts, **spec["mirrors"]}.items()}


def _hosts_toml(url: str) -> str:
    lines = [f'[host."{url}"]', '  capabilities = ["pull", "resolve"]']
    # Without it containerd puts a /v2 behind a path too.
    return "\n".join([*lines, *(["  override_path = true"] if "/v2" in url else []), ""])


def _mirror_host(spec: Mapping[str, Any]) -> str:
    """`host[:port]` of the image mirror; empty without one."""
    return (spec.get("image_mirror") or "").partition("/")[0]


def _published_mirror(spec: Mapping[str, Any]) -> tuple[str, str] | None:
    """Container and inner port of an image mirror on this machine, whose own address the nodes cannot reach.

    None where the settings say how they reach it, or it is elsewhere. Raises CommandFailed when there is none.
    """
    host, _, port = _mirror_host(spec).partition(":")
    if host not in ("localhost", "127.0.0.1") or _mirror_host(spec) in spec["mirrors"]:
        return None
    said = run(["docker", "ps", "--filter", f"publish={port}", "--format", "{{.Names}} {{.Ports}}"])
    if inner := re.search(rf"^(\S+) .*:{port}->(\d+)/tcp", said, re.MULTILINE):
        return inner[1], inner[2]
    raise CommandFailed(
        f"slipway:imageMirror is {host}:{port}, and no container publishes that port: start the registry, or write "
        f'where the nodes reach it: slipway:cluster.kind.mirrors: {{"{host}:{port}": "http://…"}}'
    )


def _mirror_url(spec: Mapping[str, Any], network: str) -> str | None:
    """Where the nodes reach the image mirror; one on this machine is brought onto their network."""
    if published := _published_mirror(spec):
        container, port = published
        if container not in _members(network):
            run(["docker", "network", "connect", network, container])
        return f"http://{container}:{port}"
    host = _mirror_host(spec)
    return str(spec["mirrors"].get(host, f"https://{host}")) if host else None


def nodes(name: str) -> dict[str, bool]:
    """The cluster's nodes, and whether each one is running; empty when there is no such cluster.

    Asked of docker, by the label that kind gives its nodes: one call, where `kind get` makes several.
    """
    return {node: state == "running" for node, state in _states(name).items()}


def _states(name: str) -> dict[str, str]:
    """The cluster's nodes, and docker's word for how each one is."""
    columns = ["--format", "{{.Names}} {{.State}}"]
    found = run(["docker", "ps", "--all", "--filter", f"label=io.x-k8s.kind.cluster={name}", *columns])
    return dict(line.split() for line in found.splitlines())


def _environment(name: str) -> dict[str, str]:
    # A network of the cluster's own can be removed with it; kind's shared one cannot.
    return {**os.environ, "KIND_EXPERIMENTAL_DOCKER_NETWORK": name}


def _network(node: str) -> str:
    networks: dict[str, object] = json.loads(
        run(["docker", "inspect", "--format", "{{json .NetworkSettings.Networks}}", node])
    )
    return next(iter(networks))


def _refuse_taken_ports(ports: Mapping[str, int]) -> None:
    for key, port in ports.items():
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", int(port)))
            except OSError:
                raise CommandFailed(
                    f"port {int(port)} of 127.0.0.1 is in use: stop what listens there, or write another "
                    f"slipway:cluster.kind.{key}"
                ) from None


def create(spec: Mapping[str, Any]) -> None:
    """Make the cluster, its registry and its kubeconfig file. Whatever fails, nothing is left behind."""
    name = spec["name"]
    run(["docker", "info", "--format", "{{.ServerVersion}}"])
    remove_half_made(spec["kubeconfig_path"])
    found = bool(nodes(name))
    if found and not spec["adopt"]:
        raise CommandFailed(
            f"a kind cluster named {name} exists, and it is not in this stack's state. To remove it: "
            f"`kind delete cluster --name {name}`; to take it over as it is: slipway:cluster.kind.adopt: true"
        )
    if found:
        _join_registry(spec)
        write_kubeconfig(spec)
        return
    _published_mirror(spec)
    # A registry whose cluster was deleted behind Slipway's back holds the port and another cluster's images.
    _remove_registry(name)
    _refuse_taken_ports(
        {"httpPort": spec["http_port"], "httpsPort": spec["https_port"], "registryPort": spec["registry_port"]}
    )
    private.write(_mark(Path(_kubeconfig_file(spec))), name.encode())
    try:
        run(
            ["kind", "create", "cluster", "--name", name, "--kubeconfig", _kubeconfig_file(spec), "--config", "-"]
            + ["--wait", "180s"],
            stdin=json.dumps(configuration(spec)),
            env=_environment(name),
            timeout=900,
        )
        _join_registry(spec)
        write_kubeconfig(spec)
    except BaseException:
        delete(spec)
        raise


def _kubeconfig_file(spec: Mapping[str, Any]) -> str:
    path = Path(spec["kubeconfig_path"])
    private.folder(path.parent)
    return str(path)


def write_kubeconfig(spec: Mapping[str, Any]) -> None:
    text = run(["kind", "get", "kubeconfig", "--name", spec["name"]], env=_environment(spec["name"]))
    private.write(Path(_kubeconfig_file(spec)), text.encode())


def _identity(spec: Mapping[str, Any]) -> str:
    return identity.uid(cluster_of(spec))


def _members(network: str) -> list[str]:
    """The containers on a network."""
    return run(["docker", "network", "inspect", "--format", "{{range .Containers}}{{.Name}} {{end}}", network]).split()


def _container_exists(name: str) -> bool:
    return bool(run(["docker", "ps", "--all", "--quiet", "--filter", f"name=^{name}$"]).strip())


def _join_registry(spec: Mapping[str, Any]) -> None:
    """Start the registry on the cluster's network and tell the nodes where it is."""
    registry, members = registry_name(spec["name"]), list(nodes(spec["name"]))
    network = _network(members[0])
    if not _container_exists(registry):
        run(
            ["docker", "run", "--detach", "--restart", "always", "--name", registry, "--network", network]
            + ["--publish", f"127.0.0.1:{int(spec['registry_port'])}:5000"]
            # Old images can be deleted (tools/prune).
            + ["--env", "REGISTRY_STORAGE_DELETE_ENABLED=true", spec["registry_image"]],
            timeout=600,
        )
    hosts = registry_hosts(spec, _mirror_url(spec, network))
    for node in members:
        for host, toml in hosts.items():
            folder = f"/etc/containerd/certs.d/{host}"
            run(["docker", "exec", node, "mkdir", "-p", folder])
            run(["docker", "exec", "--interactive", node, "tee", f"{folder}/hosts.toml"], stdin=toml)


def _remove_registry(name: str) -> None:
    registry = registry_name(name)
    if _container_exists(registry):
        run(["docker", "rm", "--force", "--volumes", registry])


def delete(spec: Mapping[str, Any]) -> None:
    """Remove the cluster, its registry, its network and its kubeconfig file; what is gone already is no error."""
    name = spec["name"]
    kubeconfig = Path(spec["kubeconfig_path"])
    if spec.get("identity") and kubeconfig.parent.is_dir():
        private.write(_deleted(kubeconfig), spec["identity"].encode())
    run(
        ["kind", "delete", "cluster", "--name", name, "--kubeconfig", _kubeconfig_file(spec)],
        env=_environment(name),
        timeout=300,
    )
    _remove_registry(name)
    if run(["docker", "network", "ls", "--quiet", "--filter", f"name=^{name}$"]).strip():
        # A mirror on this machine stays, but not on this network.
        for member in _members(name):
            run(["docker", "network", "disconnect", "--force", name, member])
        run(["docker", "network", "rm", name])
    for file in (kubeconfig, _mark(kubeconfig)):
        file.unlink(missing_ok=True)


def finish_deletion(name: str, kubeconfig_path: str | Path, identity: str) -> None:
    """Remove what is left of a cluster whose deletion by this checkout was cut off, and that docker has stopped for it.

    Docker goes on with what it was told: a node that still runs is looked at again. One that goes on running was not
    reached by the deletion, and may be in use again: it is left as it is.
    """
    kubeconfig = Path(kubeconfig_path)
    mark = _deleted(kubeconfig)
    if not mark.is_file() or mark.read_text() != identity:
        return
    end = time.monotonic() + _REMOVED_WITHIN
    while (states := _states(name)) and time.monotonic() < end:
        if {*states.values()} == {"running"}:
            time.sleep(_STOPPED_WITHIN)
            if {*_states(name).values()} == {"running"}:
                mark.unlink()
                return
        elif "removing" not in states.values():
            break
        time.sleep(0.5)
    delete({"name": name, "kubeconfig_path": str(kubeconfig), "identity": identity})


def _deleted(kubeconfig: Path) -> Path:
    """Has the identity of the cluster that this checkout began to delete: the state may not know it yet."""
    return kubeconfig.with_name("kind-cluster-deleted")


def _mark(kubeconfig: Path) -> Path:
    """Says that this checkout makes a cluster, until the state is known to have it."""
    return kubeconfig.with_name("kind-cluster-begun")


def half_made(kubeconfig: str | Path) -> str | None:
    """The name of the cluster that a run of this checkout began and did not tell the state of."""
    mark = _mark(Path(kubeconfig))
    return mark.read_text("utf-8") if mark.is_file() else None


def remove_half_made(kubeconfig: str | Path) -> None:
    if name := half_made(kubeconfig):
        delete({"name": name, "kubeconfig_path": str(kubeconfig)})


def is_made(kubeconfig: str | Path) -> None:
    """The state has the cluster."""
    _mark(Path(kubeconfig)).unlink(missing_ok=True)


def there(name: str) -> bool:
    """Whether the cluster is there. Raises CommandFailed when it is, but stopped."""
    found = nodes(name)
    if stopped := [node for node, running in found.items() if not running]:
        raise CommandFailed(f"the kind cluster {name} is stopped: start it with `docker start {' '.join(stopped)}`")
    return bool(found)


def made_here(kubeconfig_path: str | Path, identity: str | None) -> bool:
    """Whether this checkout has had the cluster, so that its absence means that it is gone."""
    kubeconfig, deleted = Path(kubeconfig_path), _deleted(Path(kubeconfig_path))
    return kubeconfig.is_file() or (deleted.is_file() and deleted.read_text() == identity)


def _require_own(props: Mapping[str, Any]) -> None:
    """Raises OtherCluster where one of this name answers that is another's; one that does not answer tells nothing."""
    from components.clients.cluster_api import ClusterError

    if not there(props["name"]):
        return
    write_kubeconfig(props)
    try:
        found = _identity(props)
    except ClusterError:
        return
    identity.require(props["identity"], found, props["stack"], f"the kind cluster {props['name']} of this machine")


def absent(name: str) -> str:
    return (
        f"the kind cluster {name} of this stack is not on this machine. If another one made it, work there: a kind "
        "cluster is of one machine. If it is gone, `make up` makes it again"
    )


def _named(props: Mapping[str, Any], key: str) -> Any:
    """A property as far as it makes another cluster: an image does by its name, not by its mirror or its digest."""
    value = props.get(key)
    if key not in ("node_image", "registry_image") or not value:
        return value
    return upstream(str(value), props.get("image_mirror")).partition("@")[0]


class KindProvider(DynamicProvider):
    """Create, read, diff and delete, by the `kind` and `docker` commands."""

    passive = ("kubeconfig_path", "adopt", "stack")
    replacing = (
        *("name", "node_image", "workers", "mirrors"),
        *("http_port", "https_port", "registry_port", "registry_image"),
    )

    def create(self, props: dict[str, Any]) -> CreateResult:
        create(props)
        return CreateResult(props["name"], {**props, "identity": _identity(props)})

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Refuse to go on without the cluster of an earlier run: it would be made a second time, or taken for gone."""
        try:
            failures = [CheckFailure("name", absent(_olds["name"]))] if _olds and not self._here(_olds) else []
        except CommandFailed as error:
            failures = [CheckFailure("name", str(error))]
        if _olds:
            is_made(_olds["kubeconfig_path"])
        return CheckResult(news, failures)

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        if self._here(props):
            where = f"the kind cluster {id_}"
            identity.require(props["identity"], _identity(props), props["stack"], where)
            return ReadResult(id_, props)
        if not made_here(props["kubeconfig_path"], props.get("identity")):
            raise CommandFailed(absent(id_))
        return ReadResult(None, {})

    def _here(self, props: Mapping[str, Any]) -> bool:
        """Whether the cluster is on this machine; its kubeconfig is brought into this checkout."""
        if not there(props["name"]):
            return False
        write_kubeconfig(props)
        return True

    def changed(self, olds: Mapping[str, Any], news: Mapping[str, Any]) -> list[str]:
        return [key for key in super().changed(olds, news) if _named(olds, key) != _named(news, key)]

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        for node in nodes(_news["name"]):
            run(["docker", "exec", node, "rm", "-rf", "/etc/containerd/certs.d"])
        _join_registry(_news)
        return UpdateResult({**_news, "identity": _olds["identity"]})

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        if not there(_id) and not made_here(_props["kubeconfig_path"], _props.get("identity")):
            raise CommandFailed(absent(_id))
        _require_own(_props)
        delete(_props)


class KindCluster(DynamicResource, provider=KindProvider):
    """A kind cluster; its kubeconfig is a file on its machine alone."""

    identity: Output[str]

    def __init__(self, name: str, args: KindClusterArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__(name, vars(args), opts)
