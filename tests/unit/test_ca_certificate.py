"""The gateway's certificate is waited for, and its authority is told."""

import base64
from typing import Any

import pytest
from pulumi.dynamic import ReadResult

from components.clients import cluster_api
from components.dynamic import ca_certificate
from components.dynamic.ca_certificate import CaCertificateProvider, pending, wait

SIGNED = {"type": "Ready", "status": "True", "observedGeneration": 2}


def certificate(*conditions: dict[str, Any], generation: int = 2) -> dict[str, Any]:
    return {"metadata": {"generation": generation}, "status": {"conditions": list(conditions)}}


class Cluster(cluster_api.Cluster):
    """Answers with each certificate once, with the last one for ever."""

    def __init__(self, *answers: dict[str, Any] | None) -> None:
        self.answers, self.asked = answers, 0

    def get(self, path: str, **_: Any) -> dict[str, Any] | None:  # noqa: ARG002
        self.asked += 1
        return self.answers[min(self.asked, len(self.answers)) - 1]


def test_a_signed_certificate_is_not_pending() -> None:
    assert pending(certificate(SIGNED)) == ""


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ({"metadata": {"generation": 1}}, "cert-manager has not looked at it"),
        (certificate({**SIGNED, "status": "False", "message": "no such issuer"}), "no such issuer"),
        (certificate(SIGNED, generation=3), "its last change is not signed yet"),
    ],
)
def test_what_is_pending_is_said_in_cert_managers_words(found: dict[str, Any], said: str) -> None:
    assert pending(found) == said


def test_another_name_in_the_certificate_is_waited_for() -> None:
    cluster = Cluster(certificate(SIGNED, generation=3), certificate({**SIGNED, "observedGeneration": 3}, generation=3))
    wait(cluster, "istio-system", "slipway-models")
    assert cluster.asked == 2


def test_a_certificate_that_never_comes_says_why_and_where_to_look() -> None:
    with pytest.raises(TimeoutError, match=r"no such issuer\. .*describe certificate slipway-models"):
        wait(
            Cluster(certificate({**SIGNED, "status": "False", "message": "no such issuer"})),
            "istio-system",
            "slipway-models",
            0,
        )


def secret(ca: str) -> dict[str, Any]:
    return {"data": {"ca.crt": base64.b64encode(ca.encode()).decode()}}


def test_an_authority_that_was_replaced_is_told_by_a_refresh(monkeypatch: pytest.MonkeyPatch) -> None:
    props = {"namespace": "istio-system", "secret": "tls", "ca": "old"}

    def read(answer: dict[str, Any] | None) -> ReadResult:
        monkeypatch.setattr(ca_certificate, "cluster_of", lambda _props: Cluster(answer))
        return CaCertificateProvider().read("id", props)

    again = read(secret("new"))
    assert again.outs is not None
    assert (again.id, again.outs["ca"]) == ("id", "new")
    assert read(None).id is None


def test_an_authority_that_was_replaced_changes_the_next_up(monkeypatch: pytest.MonkeyPatch) -> None:
    props = {"namespace": "istio-system", "secret": "tls", "kubeconfig_path": "/nowhere"}

    def changed(olds: dict[str, Any]) -> list[str]:
        return CaCertificateProvider().changed(
            {**props, "ca": "old"}, CaCertificateProvider().check(olds, props).inputs
        )

    # A cluster that does not answer says nothing of it.
    assert not changed({})
    for ca, told in (("old", []), ("new", ["authority"])):
        monkeypatch.setattr(ca_certificate, "cluster_of", lambda _props, ca=ca: Cluster(secret(ca)))
        assert changed({}) == told
        assert changed({"authority": "of the last up"}) == told


def test_what_is_signed_anew_changes_nothing_for_who_has_no_file() -> None:
    props = {"secret": "tls", "hosts": ["a.test"]}
    assert not CaCertificateProvider().diff("id", {**props, "ca": "PEM"}, props).changes
