"""The embedded cluster itself: it comes quickly, keeps its data, and says what stands in its way."""

import json
import os
import socket
import ssl
import stat
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from components.clients.cluster_api import CONFIG_MAP, VALIDATING, Cluster
from components.clients.waiting import wait_out
from components.dynamic.admission_wait import pending, wait
from components.errors import SlipwayError
from components.settings import Embedded
from tests.embedded.conftest import Checkout
from tools.bench.frame.checkout import PROJECT
from tools.embedded import ports
from tools.embedded.control_plane import ControlPlane
from tools.environment import tools_first

pytestmark = pytest.mark.embedded


def test_a_new_cluster_is_ready_within_15_seconds(tmp_path: Path) -> None:
    plane = ControlPlane(tmp_path, "second", ports.choose(tmp_path / "ports.json", Embedded(), {}), tools_first())
    started = time.monotonic()
    try:
        plane.start()
        assert time.monotonic() - started < 15
        assert plane.running() == dict.fromkeys(("etcd", "kube-apiserver", "kube-controller-manager", "kwok"), True)
    finally:
        plane.stop()
    assert not any(plane.running().values())


def test_two_checkouts_have_ports_of_their_own(checkout: Checkout, tmp_path: Path) -> None:
    first = ports.choose(checkout.cluster.folder / "ports.json", Embedded(), dict.fromkeys(ports.NAMES, True))
    second = ports.choose(tmp_path / "ports.json", Embedded(), {})
    assert not set(first.values()) & set(second.values())


def test_what_was_made_is_there_after_a_stop(checkout: Checkout) -> None:
    checkout.kubectl("create", "namespace", "kept")
    checkout.cluster.stop()
    assert not any(checkout.cluster.running().values())
    checkout.cluster.up()
    assert "/kept" in checkout.names("namespaces")
    checkout.kubectl("delete", "namespace", "kept")


def test_no_process_belongs_to_the_shell_that_started_it(checkout: Checkout) -> None:
    pid = int((checkout.cluster.folder / "etcd.pid").read_text().split()[0])
    assert os.getsid(pid) == pid != os.getsid(0)


def test_etcd_answers_nobody_without_the_certificate_of_its_user(checkout: Checkout) -> None:
    folder = checkout.cluster.folder
    port = json.loads((folder / "ports.json").read_text())["etcd"]
    trust = ssl.create_default_context(cafile=folder / "etcd.crt")
    with pytest.raises((urllib.error.URLError, ConnectionError)):
        urllib.request.urlopen(f"http://127.0.0.1:{port}/version", timeout=5)
    with pytest.raises((urllib.error.URLError, ConnectionError, ssl.SSLError)):
        urllib.request.urlopen(f"https://127.0.0.1:{port}/version", timeout=5, context=trust)
    trust.load_cert_chain(folder / "etcd.crt", folder / "etcd.key")
    with urllib.request.urlopen(f"https://127.0.0.1:{port}/version", timeout=5, context=trust) as answer:
        assert "etcdserver" in json.load(answer)


def test_what_a_stack_keeps_here_is_its_users_alone(checkout: Checkout) -> None:
    for folder in (checkout.root / ".slipway", checkout.cluster.folder.parent, checkout.cluster.folder):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700, folder


def test_a_kubeconfig_elsewhere_is_refused(checkout: Checkout) -> None:
    override = checkout.root / "Pulumi.local.override.yaml"
    override.write_text("config: {'slipway:cluster': {existing: {kubeconfig: /elsewhere}}}")
    try:
        with pytest.raises(SlipwayError, match="the embedded cluster's is"):
            checkout.cluster.up()
    finally:
        override.unlink()


def test_a_missing_program_is_named_with_its_remedy(tmp_path: Path) -> None:
    plane = ControlPlane(tmp_path, "none", {}, {"PATH": str(tmp_path)})
    with pytest.raises(SlipwayError, match=r"etcd, kube-apiserver.*make tools"):
        plane.start()


def test_the_committed_settings_name_the_kubeconfig_in_the_checkout() -> None:
    assert "kubeconfig: .slipway/local/embedded/kubeconfig" in (PROJECT / "Pulumi.local.yaml").read_text()


def test_a_fixed_port_in_use_is_a_clear_error(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(SlipwayError, match=rf"port {port} \(slipway:embedded\.trackingPort\) is in use"):
            ports.choose(tmp_path / "ports.json", Embedded.model_validate({"trackingPort": port}), {})


def test_a_webhook_that_cannot_be_reached_is_waited_for_and_nothing_is_made(checkout: Checkout) -> None:
    cluster = Cluster.at(str(checkout.cluster.folder / "kubeconfig"), None)
    where = CONFIG_MAP.path("default")
    example = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "never-made"}}
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["configmaps"]}
    webhook = {
        "name": "nobody.slipway.test",
        "clientConfig": {"service": {"name": "nobody", "namespace": "default"}},
        "rules": [rule],
        "matchConditions": [{"name": "this", "expression": "request.name == 'never-made'"}],
        "admissionReviewVersions": ["v1"],
        "sideEffects": "None",
    }
    assert pending(cluster, where, example) == ""
    metadata = {"name": "nobody"}
    cluster.create(
        VALIDATING,
        {"apiVersion": VALIDATING.api_version, "kind": VALIDATING.kind, "metadata": metadata, "webhooks": [webhook]},
    )
    try:
        # The API server learns of a new webhook a moment later.
        assert not wait_out(lambda: not pending(cluster, where, example), 10)
        assert "failed calling webhook" in pending(cluster, where, example)
    finally:
        cluster.delete(VALIDATING.path(name="nobody"))
    wait(cluster, where, example, seconds=10)
    assert "default/never-made" not in checkout.names("configmaps")
