"""The gate of all models: asked at once, and only those of which something changed."""

import asyncio
import json
import threading
from collections.abc import Mapping
from typing import Any

import pulumi
import pytest
from pulumi.runtime.mocks import MockCallArgs, MockResourceArgs, Mocks

from components.dynamic import predictions
from components.dynamic.prediction import Refused
from components.dynamic.predictions import Predictions, PredictionsArgs, PredictionsProvider, Question, ask


class Models:
    """Plays the models: keeps who was asked, and lets those of `wrong` fail."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.wrong: dict[str, Exception] = {}
        self.together: threading.Barrier | None = None

    def __call__(self, props: Mapping[str, Any]) -> dict[str, Any]:
        self.asked.append(props["service"])
        assert props["address"], "what all have in common is told with each"
        if self.together:
            self.together.wait(timeout=30)
        if error := self.wrong.get(props["service"]):
            raise error
        return {"url": f"http://{props['host']}", "answer": json.dumps(props["version"]), "curl": "curl"}


@pytest.fixture
def models(monkeypatch: pytest.MonkeyPatch) -> Models:
    played = Models()
    monkeypatch.setattr(predictions, "predict", played)
    return played


def question(name: str, **changes: Any) -> dict[str, Any]:
    usual = {"host": f"{name}.test", "service": name, "namespace": "models", "look": "look", "example": "null"}
    return {**usual, "version": "1", "canary": "1", "image": "i", "settings": "s", "seconds": 600, **changes}


def props(*names: str, **changes: Any) -> dict[str, Any]:
    usual = {"address": "127.0.0.1:8080", "cluster": "uid", "path": "/v2", "kubeconfig_path": "here", "tls": False}
    return {**usual, "questions": {name: question(name) for name in names}, **changes}


def made(*names: str) -> dict[str, Any]:
    """The state after all were asked."""
    return dict(PredictionsProvider().create(props(*names)).outs or {})


def test_all_are_asked_at_once(models: Models) -> None:
    models.together = threading.Barrier(12)
    names = [f"model-{number}" for number in range(12)]
    assert set(ask(props(*names), names)) == set(names)


def test_each_that_failed_is_told_by_its_name_and_the_others_were_asked_all_the_same(models: Models) -> None:
    models.wrong = {"wine": Refused("the model answered 400: no"), "tea": TimeoutError("no answer from version 1")}
    with pytest.raises(Refused) as caught:
        ask(props("wine", "beer", "tea"), ["wine", "beer", "tea"])
    assert str(caught.value) == "wine: the model answered 400: no\ntea: no answer from version 1"
    assert sorted(models.asked) == ["beer", "tea", "wine"]


def test_a_fault_of_ours_is_no_answer_of_a_model(models: Models) -> None:
    models.wrong = {"wine": KeyError("x")}
    with pytest.raises(KeyError):
        ask(props("wine"), ["wine"])


def changed(olds: dict[str, Any], news: dict[str, Any]) -> bool:
    return bool(PredictionsProvider().diff("answers", olds, news).changes)


def test_one_model_that_changed_is_asked_and_the_others_keep_their_answers(models: Models) -> None:
    olds = made("wine", "beer")
    models.asked.clear()
    news = props("wine", "beer")
    news["questions"]["beer"]["version"] = "2"
    assert changed(olds, news)
    outs = dict(PredictionsProvider().update("answers", olds, news).outs or {})
    assert models.asked == ["beer"]
    assert {name: each["answer"] for name, each in outs["answers"].items()} == {"wine": '"1"', "beer": '"2"'}


@pytest.mark.parametrize("key", ["image", "settings", "canary", "example", "host", "seconds"])
def test_whatever_is_asked_otherwise_is_asked_again(models: Models, key: str) -> None:
    olds, news = made("wine"), props("wine")
    news["questions"]["wine"][key] = "other"
    assert changed(olds, news)
    models.asked.clear()
    PredictionsProvider().update("answers", olds, news)
    assert models.asked == ["wine"]


@pytest.mark.parametrize("key", ["look", "namespace", "service"])
@pytest.mark.usefixtures("models")
def test_how_to_look_further_is_no_other_question(key: str) -> None:
    olds, news = made("wine"), props("wine")
    news["questions"]["wine"][key] = "other"
    assert not changed(olds, news)
    assert not changed(olds, {**props("wine"), "kubeconfig_path": "elsewhere", "ca_file": "elsewhere"})


@pytest.mark.parametrize("key", ["cluster", "address", "key", "ca"])
def test_another_way_to_them_has_all_of_them_asked(models: Models, key: str) -> None:
    olds, news = made("wine", "beer"), props("wine", "beer", **{key: "other"})
    assert changed(olds, news)
    models.asked.clear()
    PredictionsProvider().update("answers", olds, news)
    assert sorted(models.asked) == ["beer", "wine"]


def test_a_model_that_is_new_is_asked_and_one_that_went_is_forgotten(models: Models) -> None:
    olds, news = made("wine", "beer"), props("beer", "tea")
    assert changed(olds, news)
    models.asked.clear()
    outs = dict(PredictionsProvider().update("answers", olds, news).outs or {})
    assert models.asked == ["tea"]
    assert set(outs["answers"]) == {"beer", "tea"}
    assert changed(olds, props("wine"))


@pytest.mark.usefixtures("models")
def test_a_version_that_is_not_known_yet_is_another_question() -> None:
    from pulumi.runtime.rpc import UNKNOWN

    news = props("wine")
    news["questions"]["wine"]["version"] = UNKNOWN
    assert changed(made("wine"), news)


class PreviewMocks(Mocks):
    """What an engine says in a preview of a resource that would change: its inputs again, and nothing else."""

    def new_resource(self, args: MockResourceArgs) -> tuple[str, dict[Any, Any]]:
        return args.name, args.inputs

    def call(self, args: MockCallArgs) -> tuple[dict[Any, Any], None]:
        raise AssertionError(args.token)


def unknown() -> pulumi.Output[str]:
    """An example that comes with a version which is not there yet."""

    async def value(it: Any) -> Any:
        return it

    return pulumi.Output(set(), value(""), value(False))


def test_a_preview_that_would_ask_anew_still_knows_where_each_model_is() -> None:
    example = json.dumps({"inputs": [{"name": "x", "shape": [1], "datatype": "FP64", "data": [1.0]}]})
    told: dict[str, Any] = {}

    async def program() -> None:
        examples = {"wine": example, "beer": unknown()}
        asked = {name: Question(**question(name, example=text)) for name, text in examples.items()}
        args = PredictionsArgs(questions=asked, path="/v2/infer", cluster="uid", address="127.0.0.1:8080")
        answered = Predictions("predictions", args)
        for model in asked:
            of = answered.of(model)
            known = {key: await of[key].is_known() for key in ("answer", "curl")}
            told[model] = {"url": of["url"], **known}
        told["curl"] = await answered.of("wine")["curl"].future()

    asyncio.set_event_loop(asyncio.new_event_loop())
    pulumi.runtime.set_mocks(PreviewMocks(), preview=True)
    pulumi.runtime.test(program)()  # type: ignore[no-untyped-call]
    assert told["wine"] == {"url": "http://127.0.0.1:8080/v2/infer", "answer": False, "curl": True}
    assert told["beer"] == {"url": "http://127.0.0.1:8080/v2/infer", "answer": False, "curl": False}
    assert told["curl"].startswith("curl -sS -H 'Host: wine.test'")
