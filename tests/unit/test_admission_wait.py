"""A webhook is waited for until the cluster reaches it, and no longer."""

from typing import Any

import pytest

from components.clients.cluster_api import ClusterError
from components.dynamic import admission_wait
from components.dynamic.admission_wait import AdmissionWaitProvider, pending, wait
from tests.unit.fake_cluster import ISVC, FakeCluster

PATH = ISVC.path("kserve")
EXAMPLE = {"apiVersion": ISVC.api_version, "kind": ISVC.kind, "metadata": {"name": "answers"}}
REFUSED = 'Internal error occurred: failed calling webhook "inferenceservice.defaulter": connect: connection refused'
UNTRUSTED = 'Internal error occurred: failed calling webhook "inferenceservice.defaulter": x509: unknown authority'


class Answering(FakeCluster):
    """Says one after the other of `words` to each try, and the last for ever; "" lets the object through."""

    def __init__(self, *words: str | None) -> None:
        super().__init__()
        self.words, self.tried = list(words), 0

    def _ask(self, method: str, path: str, *, body: Any = None, **_: Any) -> dict[str, Any] | None:
        assert (method, path) == ("POST", f"{PATH}?dryRun=All"), "nothing may be made"
        self.tried += 1
        said = self.words.pop(0) if len(self.words) > 1 else self.words[0]
        if said:
            raise ClusterError(f"POST {path}: {said}")
        return None if said is None else dict(body)


def test_a_model_waits_until_the_webhook_is_reached_and_trusted() -> None:
    cluster = Answering(None, REFUSED, UNTRUSTED, "the cluster does not answer: timed out", "")
    wait(cluster, PATH, EXAMPLE, seconds=30)
    assert cluster.tried == 5


@pytest.mark.parametrize(
    "said",
    ['admission webhook "policy.test" denied the request: no', "inferenceservices is forbidden: User may not create"],
)
def test_what_waiting_does_not_change_is_left_to_the_model_to_meet(said: str) -> None:
    assert pending(Answering(said), PATH, EXAMPLE) == ""


def test_a_webhook_that_never_answers_is_told_with_the_clusters_last_word() -> None:
    with pytest.raises(TimeoutError, match=r"no InferenceService can be made after 0 s: .*connection refused"):
        wait(Answering(REFUSED), PATH, EXAMPLE, seconds=0)


def test_another_version_is_waited_for_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = Answering("")
    monkeypatch.setattr(admission_wait, "cluster_of", lambda _: cluster)
    old = {"path": PATH, "example": EXAMPLE, "version": "v0.20.0", "cluster": "uid", "kubeconfig_path": "here"}
    new = {**old, "version": "v0.21.0"}
    diff = AdmissionWaitProvider().diff("id", old, new)
    assert (diff.changes, diff.replaces) == (True, [])
    assert AdmissionWaitProvider().update("id", old, new).outs == new
    assert cluster.tried == 1
    assert not AdmissionWaitProvider().diff("id", old, {**old, "kubeconfig_path": "elsewhere"}).changes
