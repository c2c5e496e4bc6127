"""Old images go by a rule that a person can foresee, and never one that is in use."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from components.clients.process import CommandFailed
from components.dynamic.model_files import ModelFiles
from components.errors import SlipwayError
from tools.prune import local, use
from tools.prune.registry import Registry
from tools.prune.rule import Image, removable

WINE = "localhost:5001/wine"


def image(day: int, *, repository: str = WINE, tags: Sequence[str] | None = None) -> Image:
    digest = f"sha256:{day:064x}"
    named = frozenset([f"{day:012x}-aaaaaa"] if tags is None else tags)
    return Image(repository, digest, named, f"2026-11-{day:02}T00:00:00Z")


def days(images: Sequence[Image]) -> list[int]:
    return [int(each.created[8:10]) for each in images]


def test_the_newest_others_stay_beside_those_in_use() -> None:
    images = [image(day) for day in (3, 1, 5, 2, 4)]
    assert days(removable(images, {image(1).digest}, 2, "aaaaaa")) == [3, 2]


def test_each_model_keeps_its_own() -> None:
    images = [image(1), image(2), image(3, repository="localhost:5001/beer")]
    assert days(removable(images, set(), 1, "aaaaaa")) == [1]


def test_with_none_to_keep_only_what_is_in_use_stays() -> None:
    assert days(removable([image(1), image(2)], {image(1).digest}, 0, "aaaaaa")) == [2]


@pytest.mark.parametrize("tags", [["1-bbbbbb"], ["1-aaaaaa", "1-bbbbbb"], ["latest"], []])
def test_what_another_clusters_stack_has_pushed_is_not_ours(tags: list[str]) -> None:
    assert not removable([image(1, tags=tags)], set(), 0, "aaaaaa")


def test_the_stacks_cluster_is_known_by_what_it_built() -> None:
    state: list[dict[str, Any]] = [
        {"type": ModelFiles.token, "outputs": {"image": f"{WINE}:1-aaaaaa"}},
        {"type": ModelFiles.token, "outputs": {"image": ""}},
        {"type": ModelFiles.token},
        {"type": "kubernetes:core/v1:Namespace", "outputs": {"image": "x"}},
    ]
    assert use.mark_of(use.pushed(state)) == "aaaaaa"


@pytest.mark.parametrize("names", [[], [f"{WINE}:1-aaaaaa", f"{WINE}:2-bbbbbb"]])
def test_a_stack_between_two_clusters_is_left_alone(names: list[str]) -> None:
    with pytest.raises(SlipwayError, match="there is nothing to compare with"):
        use.mark_of(names)


class Commands:
    """Answers by the beginning of a command; a failure is one that holds `error`."""

    def __init__(self, answers: Mapping[str, Any]) -> None:
        self.answers, self.asked = answers, list[str]()

    def __call__(self, command: Sequence[str], **_: Any) -> str:
        line = " ".join(command)
        self.asked.append(line)
        answer = next((value for start, value in self.answers.items() if start in line), "")
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, str) else json.dumps(answer)


def test_one_manifest_with_two_tags_is_one_image(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = {
        "crane ls": "1-aaaaaa\n2-aaaaaa\n",
        "crane digest": "sha256:1\n",
        "crane manifest": {"config": {}},
        "crane config": {"created": "2026-11-01T00:00:00Z"},
    }
    monkeypatch.setattr("tools.images.crane.run", Commands(answers))
    [found] = Registry(WINE).images(WINE)
    assert found == Image(WINE, "sha256:1", frozenset({"1-aaaaaa", "2-aaaaaa"}), "2026-11-01T00:00:00Z")


def test_an_index_goes_with_its_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = {
        "crane ls": "1-aaaaaa",
        "crane digest": "sha256:1",
        "crane manifest": {"manifests": [{"digest": "sha256:2"}, {"digest": "sha256:3"}]},
        f"crane config {WINE}@sha256:2": {"created": "2026-11-01T00:00:00Z"},
    }
    commands = Commands(answers)
    monkeypatch.setattr("tools.images.crane.run", commands)
    [found] = Registry(WINE).images(WINE)
    Registry(WINE).delete(found)
    assert commands.asked[-3:] == [f"crane delete {WINE}@sha256:{number} --insecure" for number in (1, 2, 3)]


def test_a_model_that_was_never_pushed_has_no_images(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "tools.images.crane.run", Commands({"crane ls": CommandFailed("NAME_UNKNOWN: no such repository")})
    )
    assert Registry(WINE).images(WINE) == []


def test_a_registry_that_keeps_everything_says_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "tools.images.crane.run", Commands({"crane delete": CommandFailed("405 Method Not Allowed; UNSUPPORTED")})
    )
    with pytest.raises(SlipwayError, match="set REGISTRY_STORAGE_DELETE_ENABLED=true on it"):
        Registry("localhost:5001").delete(image(1))


def test_what_a_pod_a_service_or_a_routed_revision_names_is_in_use(monkeypatch: pytest.MonkeyPatch) -> None:
    def revision(day: int, state: str) -> dict[str, Any]:
        labels = {"serving.knative.dev/routingState": state}
        return {"metadata": {"labels": labels}, "spec": {"image": f"{WINE}@{image(day).digest}"}}

    # Knative keeps it, without pods.
    revisions = {"metadata": {"ownerReferences": [{"kind": "Revision"}]}, "image": f"{WINE}@{image(5).digest}"}
    answers = {
        "api-resources": "pods\ndeployments.apps\ninferenceservices.serving.kserve.io\nrevisions.serving.knative.dev\n",
        "get pods": {"items": [{"metadata": {}, "status": {"imageID": f"{WINE}@{image(1).digest}"}}]},
        "get deployments": {"items": [revisions, {"metadata": {}, "spec": {"image": f"{WINE}@{image(6).digest}"}}]},
        "get inferenceservices": {"items": [{"metadata": {}, "spec": {"image": f"{WINE}@{image(2).digest}"}}]},
        "get revisions": {"items": [revision(3, "active"), revision(4, "reserve")]},
    }
    commands = Commands(answers)
    monkeypatch.setattr(use, "run", commands)
    assert use.in_cluster("k") == {image(day).digest for day in (1, 2, 3, 6)}
    assert "--kubeconfig k" in commands.asked[0]


def test_a_cluster_that_does_not_answer_stops_the_pruning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(use, "run", Commands({"api-resources": CommandFailed("refused")}))
    with pytest.raises(CommandFailed):
        use.in_cluster("k")


def test_of_this_machines_images_only_the_stacks_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    listing = f"{WINE}:1-aaaaaa 1.2GB\n{WINE}:<none> 1GB\nlocalhost:5001/beer:1 1GB\npostgres:17 700MB\n"
    monkeypatch.setattr(local, "run", Commands({"docker images": listing}))
    assert local.images([WINE], "localhost:5001", all_ours=False) == {f"{WINE}:1-aaaaaa": "1.2GB"}
    assert set(local.images([WINE], "localhost:5001", all_ours=True)) == {f"{WINE}:1-aaaaaa", "localhost:5001/beer:1"}
