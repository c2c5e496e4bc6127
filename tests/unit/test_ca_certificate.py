"""The gateway's certificate is waited for, and its authority is told."""

from pathlib import Path
from typing import Any

import pytest

from components.dynamic.ca_certificate import CaCertificateProvider, pending, wait, write

SIGNED = {"type": "Ready", "status": "True", "observedGeneration": 2}


def certificate(*conditions: dict[str, Any], generation: int = 2) -> dict[str, Any]:
    return {"metadata": {"generation": generation}, "status": {"conditions": list(conditions)}}


class Cluster:
    """Answers with each certificate once, with the last one for ever."""

    def __init__(self, *answers: dict[str, Any]) -> None:
        self.answers, self.asked = answers, 0

    def get_namespaced_custom_object(self, *_: str) -> dict[str, Any]:
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


def test_an_authority_that_everybody_trusts_leaves_no_file(tmp_path: Path) -> None:
    file = tmp_path / "stack" / "ca.crt"
    write(file, "PEM")
    assert file.read_text() == "PEM"
    write(file, "")
    assert not file.exists()


def test_another_checkout_gets_the_file_again(tmp_path: Path) -> None:
    file = tmp_path / "ca.crt"
    props = {"path": str(file), "hosts": ["a.test"]}
    write(file, "PEM")
    assert not CaCertificateProvider().diff("id", {**props, "ca": "PEM"}, props).changes
    file.unlink()
    assert CaCertificateProvider().diff("id", {**props, "ca": "PEM"}, props).changes
    assert not CaCertificateProvider().diff("id", {**props, "ca": ""}, props).changes
