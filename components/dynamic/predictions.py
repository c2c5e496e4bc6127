"""The gate: `up` ends only when every deployed model gave the right answer through the ingress.

One resource for all of them: it asks at once, and only those of which something changed.
"""

from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pulumi import Input, Output, ResourceOptions
from pulumi.dynamic import CheckResult, CreateResult, UpdateResult

from components.clients import private
from components.clients.connection import PASSIVE
from components.dynamic import prediction
from components.dynamic.base import DynamicProvider, DynamicResource
from components.dynamic.prediction import Refused, predict
from components.errors import SlipwayError

_AT_ONCE = 32
# What says how to look further, and not what is asked.
_PASSIVE = ("look", "namespace", "service")


@dataclass(frozen=True, kw_only=True)
class Question:
    """What one model is asked."""

    host: str
    # {"inputs": [...], "outputs": [...]}: a V2 request and, if known, the right answer's numbers; or null. As JSON.
    example: Input[str]
    # What the answer's model_version must be.
    version: Input[str]
    # What it must be where the canary is asked for; `version` while there is none. None: nothing routes by the header.
    canary: Input[str] | None
    # The image, and the digest of its settings: a change is to be proven by another prediction.
    image: Input[str]
    settings: str
    seconds: int
    # How to look further, for the error when no answer comes, and where its pods are seen.
    look: str
    namespace: Input[str]
    service: str


@dataclass(frozen=True, kw_only=True)
class PredictionsArgs:
    # By the models' names.
    questions: Mapping[str, Question]
    path: str
    # Where they are served: another cluster's models are asked anew.
    cluster: Input[str]
    # host:port to connect to; None to connect to each model's own host.
    address: str | None
    # Where pods are seen, to tell why no answer comes; None where they are not looked at.
    kubeconfig_path: str | None = None
    tls: bool = False
    # The authority (PEM) of the gateway's certificate, "" for one that this machine trusts, and the file that has it.
    ca: Input[str] = ""
    ca_file: str | None = None
    # The credential; None where none is asked for.
    key: Input[str] | None = None


def ask(props: Mapping[str, Any], names: Collection[str]) -> dict[str, dict[str, Any]]:
    """The answers of these models, asked at once. Raises Refused with what each of those that failed said."""
    of_all = {key: value for key, value in props.items() if key != "questions"}
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        asked = {name: pool.submit(predict, {**of_all, **props["questions"][name]}) for name in names}
    failed = {name: error for name, each in asked.items() if (error := each.exception())}
    for error in failed.values():
        if not isinstance(error, SlipwayError | OSError):
            raise error
    if failed:
        raise Refused("\n".join(f"{name}: {error}" for name, error in failed.items()))
    return {name: each.result() for name, each in asked.items()}


def _meant(question: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in question.items() if key not in _PASSIVE and value is not None}


class PredictionsProvider(DynamicProvider):
    passive = ("ca_file", *PASSIVE)

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Bring the file that `curl` names, in every checkout; it is made of the inputs, and no part of them."""
        ca, file = news.get("ca"), news.get("ca_file")
        if file and isinstance(ca, str) and ca.startswith("-----BEGIN"):
            private.folder(Path(file).parent)
            private.write(Path(file), ca.encode())
        return CheckResult(news, [])

    def changed(self, olds: Mapping[str, Any], news: Mapping[str, Any]) -> list[str]:
        same = olds["questions"].keys() == news["questions"].keys() and not _others(olds, news)
        return [key for key in super().changed(olds, news) if key != "questions" or not same]

    def create(self, props: dict[str, Any]) -> CreateResult:
        return CreateResult("answers", {**props, "answers": ask(props, props["questions"])})

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        of_all = set(super().changed(_olds, _news)) - {"questions"}
        anew = _news["questions"] if of_all else _others(_olds, _news)
        kept = {name: answer for name, answer in _olds["answers"].items() if name in _news["questions"]}
        return UpdateResult({**_news, "answers": {**kept, **ask(_news, anew)}})


def _others(olds: Mapping[str, Any], news: Mapping[str, Any]) -> list[str]:
    """The models that are to be asked something else than before."""
    before = {name: _meant(question) for name, question in olds["questions"].items()}
    return [name for name, question in news["questions"].items() if before.get(name) != _meant(question)]


class Predictions(DynamicResource, provider=PredictionsProvider, secrets=["key"]):
    """`answers` are, by model: `url`, where it answers requests for its host; `answer`, the V2 answer as JSON; `curl`,
    the command that gets it again."""

    answers: Output[dict[str, dict[str, str]]]

    def __init__(self, name: str, args: PredictionsArgs, opts: ResourceOptions | None = None) -> None:
        # A null within a mapping would come back as none at all.
        self._questions = {
            model: {key: value for key, value in vars(question).items() if value is not None}
            for model, question in args.questions.items()
        }
        # What a preview knows of a model though others are to be asked anew.
        self._plain = {
            "path": args.path,
            "address": args.address,
            "tls": args.tls,
            "ca": bool(args.ca),
            "ca_file": args.ca_file,
            "key": args.key is not None,
        }
        super().__init__(name, {**vars(args), "questions": self._questions}, opts)

    def of(self, model: str) -> dict[str, Any]:
        """What is known of one model, its answer once it gave it."""
        asked = {**self._plain, "host": self._questions[model]["host"]}
        example = Output.from_input(self._questions[model]["example"])
        return {
            "url": prediction.url(asked, asked["path"]),
            "answer": self.answers.apply(lambda answers: answers[model]["answer"]),
            "curl": example.apply(lambda text: prediction.command({**asked, "example": text})),
        }
