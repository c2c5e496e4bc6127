"""A volume that a Helm release owns goes with a word and not without, however the release loses it."""

from typing import Any

import pytest

from components.errors import SlipwayError
from tools.engine import plan, release_data
from tools.engine.stack import Stack

CLAIM = "monitoring/prometheus-server"


def release(**objects: list[str]) -> dict[str, Any]:
    """As the state has it; `objects` by kind."""
    named = {"CustomResourceDefinition": "CustomResourceDefinition.apiextensions.k8s.io/apiextensions.k8s.io/v1"}
    names = {named.get(kind, f"{kind}/v1"): each for kind, each in objects.items()}
    outputs = {"name": "prometheus", "namespace": "monitoring", "resourceNames": names}
    return {"type": release_data.RELEASE, "id": "monitoring/prometheus", "urn": "urn::prometheus", "outputs": outputs}


NEW = {"type": release_data.RELEASE, "urn": "urn::prometheus", "inputs": {}}
MEASURING = release(PersistentVolumeClaim=[CLAIM], Deployment=[CLAIM])


def planned(op: str, old: dict[str, Any], new: dict[str, Any] | None = None) -> list[str]:
    return plan.losses([{"op": op, "oldState": old, "newState": new}])


def has(monkeypatch: pytest.MonkeyPatch, *claims: str) -> None:
    """Say which volumes the new release has."""
    monkeypatch.setattr(release_data, "_claims", lambda _new: set(claims))


@pytest.mark.parametrize("op", ["delete", "replace", "delete-replaced"])
def test_a_release_that_goes_takes_its_volumes_along(op: str) -> None:
    assert planned(op, MEASURING, NEW) == [f"deletes PersistentVolumeClaim {CLAIM}, with Release monitoring/prometheus"]


def test_a_release_that_stays_without_its_volume_deletes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    has(monkeypatch)
    step = {"op": "update", "oldState": MEASURING, "newState": NEW}
    with pytest.raises(SlipwayError, match=f"deletes PersistentVolumeClaim {CLAIM}, which Release .* has no more"):
        plan.require_word(Stack("prod"), [step], None)
    plan.require_word(Stack("prod"), [step], "delete-data-of-prod")


def test_a_release_that_keeps_its_volume_needs_no_word(monkeypatch: pytest.MonkeyPatch) -> None:
    has(monkeypatch, CLAIM, "monitoring/another")
    assert planned("update", MEASURING, NEW) == []
    assert planned("same", MEASURING, NEW) == []


def test_a_chart_that_leaves_the_namespace_out_means_its_releases(monkeypatch: pytest.MonkeyPatch) -> None:
    has(monkeypatch, CLAIM)
    assert planned("update", release(PersistentVolumeClaim=["prometheus-server"]), NEW) == []


def test_what_a_chart_would_have_is_not_taken_for_known_when_nobody_could_say(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(_new: Any) -> set[str]:
        raise SlipwayError("no such host")

    monkeypatch.setattr(release_data, "_claims", unreachable)
    [said] = planned("update", MEASURING, NEW)
    assert said.startswith(f"may delete PersistentVolumeClaim {CLAIM} of Release monitoring/prometheus")
    assert "no such host" in said


def test_a_chart_without_volumes_is_not_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(release_data, "_claims", lambda _new: pytest.fail("the chart was rendered"))
    assert planned("update", release(Deployment=["istio-system/istiod"]), NEW) == []
    assert planned("delete", release(Deployment=["istio-system/istiod"])) == []


def test_kinds_go_with_a_word_as_they_do_where_the_program_declares_them() -> None:
    [said] = planned("delete", release(CustomResourceDefinition=["scaledobjects.keda.sh"]))
    assert said == "deletes CustomResourceDefinition scaledobjects.keda.sh, with Release monitoring/prometheus"
