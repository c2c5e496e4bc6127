"""A model's files become a build context, and only a change makes it anew."""

import json
import shutil
import urllib.request
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from components.clients import docker
from components.dynamic import model_files
from components.dynamic.model_files import BuildArgs, ModelFilesArgs, ModelFilesProvider
from components.errors import SlipwayError
from components.serving import resolution
from components.serving.bringing import bring
from components.serving.plan import Plan
from components.serving.problem import ServingError

BASES = {"3.11": "python:3.11-slim", "3.12": "python:3.12-slim"}
LOCKED = "scikit-learn==1.9.1\n"


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = tmp_path / "saved"
    folder.mkdir()
    example = {"inputs": [{"name": "input-0"}], "outputs": [0.5]}
    (folder / "MLmodel").write_text(json.dumps({"metadata": {"slipway_example": example}}))
    (folder / "requirements.txt").write_text("scikit-learn==1.9.1\n")
    (folder / "model.skops").write_bytes(b"weights")
    return folder


@pytest.fixture
def props(model: Path) -> dict[str, Any]:
    return given(model)


def given(model: Path | str, **changes: Any) -> dict[str, Any]:
    """As the provider gets them: what is None does not go over the wire."""
    build = BuildArgs(
        repository="registry.test/wine",
        wishes={},
        bases=BASES,
        package_index=None,
        ca_bundle=changes.pop("ca_bundle", None),
        registry_login=None,
    )
    args = {"tracking_uri": None, "login": None, "server": "model", "cluster": "1a2b", "build": build, **changes}
    inputs = model_files.inputs(ModelFilesArgs(source=str(model), **args))
    return {key: value for key, value in inputs.items() if value is not None}


@pytest.fixture(autouse=True)
def pushed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, Path]:
    """The contexts that images were built from, by the image's name."""
    contexts: dict[str, Path] = {}

    def push_built(name: str, context: Path, _arguments: Mapping[str, str], _login: Any) -> str:
        contexts[name] = tmp_path / f"pushed-{name.rpartition(':')[2]}"
        shutil.copytree(context, contexts[name], dirs_exist_ok=True)
        return f"{name.rpartition(':')[0]}@sha256:{'0' * 64}"

    monkeypatch.setattr(docker, "push_built", push_built)
    return contexts


@pytest.fixture(autouse=True)
def resolved(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The folders whose requirements were resolved; no index is asked."""
    asked: list[Path] = []

    def lock(folder: Path, _python: str, **_options: Any) -> str:
        asked.append(folder)
        return LOCKED

    monkeypatch.setattr(resolution, "lock", lock)
    monkeypatch.setattr(resolution, "needs_compiler", lambda *_: False)
    return asked


def make(props: dict[str, Any]) -> dict[str, Any]:
    return dict(ModelFilesProvider().create(props).outs or {})


def test_the_context_holds_the_server_the_requirements_and_the_model(
    props: dict[str, Any], pushed: dict[str, Path]
) -> None:
    made = make(props)
    [(image, context)] = pushed.items()
    assert (made["image"], made["reference"]) == (image, f"registry.test/wine@sha256:{'0' * 64}")
    assert image.startswith(f"registry.test/wine:{made['digest'][:12]}-")
    assert (context / "Dockerfile").read_bytes() == Path("model/Dockerfile").read_bytes()
    for path in Path("model/runtime").glob("*.py"):
        assert (context / "runtime" / path.name).read_bytes() == path.read_bytes()
    assert (context / "server.txt").read_bytes() == Path("model/servers/mlserver.txt").read_bytes()
    assert (context / "requirements" / "requirements.lock").read_text() == LOCKED
    assert (context / "ca-bundle.crt").read_bytes() == b""
    assert (context / "model" / "model.skops").read_bytes() == b"weights"
    assert made["version"] == "local"
    assert json.loads(made["example"])["outputs"] == [0.5]


def test_everything_that_the_dockerfile_copies_is_in_the_context(
    props: dict[str, Any], pushed: dict[str, Path]
) -> None:
    make(props)
    [context] = pushed.values()
    copies = [
        line.split()[1:-1] for line in Path("model/Dockerfile").read_text().splitlines() if line.startswith("COPY")
    ]
    sources = [
        source for words in copies if not words[0].startswith("--from") for source in words[words[0][:2] == "--" :]
    ]
    assert len(sources) >= 4
    assert not [source for source in sources if not (context / source).exists()]


def test_a_model_without_requirements_says_how_to_log_it(props: dict[str, Any], model: Path) -> None:
    (model / "requirements.txt").unlink()
    with pytest.raises(ServingError, match="log the model with its pip_requirements"):
        ModelFilesProvider().create(props)


def test_a_model_folder_that_cannot_be_served_is_refused_before_anything_is_made(
    props: dict[str, Any], model: Path
) -> None:
    assert not ModelFilesProvider().check({}, props).failures
    (model / "python_env.yaml").write_text("python: 3.14.1\n")
    [failure] = ModelFilesProvider().check({}, props).failures
    assert failure.property == "source"
    assert "Python 3.14, and no server runs on it: log it again under Python 3.9 to 3.13" in failure.reason


def test_the_versions_of_the_last_up_are_installed_again(
    props: dict[str, Any], model: Path, resolved: list[Path]
) -> None:
    made = make(props)
    (model / "model.skops").write_bytes(b"other weights")
    ModelFilesProvider().update("context", made, props)
    assert len(resolved) == 1
    (model / "requirements.txt").write_text("scikit-learn==1.9.2\n")
    ModelFilesProvider().update("context", made, props)
    assert len(resolved) == 2


def test_a_model_that_has_an_image_needs_no_versions(props: dict[str, Any], resolved: list[Path]) -> None:
    made = make(given(props["source"], build=None))
    assert not resolved
    assert made["reference"] == ""
    assert json.loads(made["example"])["outputs"] == [0.5]


def test_a_model_that_is_another_than_the_stack_says_is_not_built(
    props: dict[str, Any], pushed: dict[str, Path]
) -> None:
    found = make(props)["content"]
    assert make({**props, "pinned": found})
    (Path(props["source"]) / "model.skops").write_bytes(b"somebody else's")
    with pytest.raises(SlipwayError, match=rf"another model than the stack's `digest` says: {found} is wanted") as said:
        make({**props, "pinned": found})
    assert len(pushed) == 1
    now = str(said.value).partition(" is sha256:")[2][:64]
    assert make({**props, "pinned": f"sha256:{now}"})


def test_a_model_that_has_an_image_may_be_of_any_python(model: Path) -> None:
    (model / "python_env.yaml").write_text("python: 3.14.1\n")
    assert make(given(model, build=None))


def changes(olds: dict[str, Any], news: dict[str, Any]) -> list[str]:
    """What a plan finds: the provider's check, then its diff."""
    return ModelFilesProvider().changed(olds, ModelFilesProvider().check(olds, news).inputs)


def test_nothing_changed_is_no_change(props: dict[str, Any]) -> None:
    assert not changes(make(props), props)


def test_a_diff_looks_at_no_file_and_asks_nobody(
    props: dict[str, Any], model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = make(props)
    shutil.rmtree(model)
    monkeypatch.setattr(urllib.request.OpenerDirector, "open", None)
    assert not ModelFilesProvider().diff("id", made, props).changes


def test_another_file_in_the_local_model_is_a_change(props: dict[str, Any], model: Path) -> None:
    made = make(props)
    (model / "model.skops").write_bytes(b"other weights")
    news = given(model)
    assert changes(made, news) == ["source_digest"]
    again = ModelFilesProvider().update("context", made, news).outs or {}
    assert again["digest"] != made["digest"]
    assert not changes(again, news)


def test_another_server_is_a_change(props: dict[str, Any], model: Path, tmp_path: Path) -> None:
    made = make(props)
    shutil.copytree("model", tmp_path / "server", ignore=shutil.ignore_patterns("__pycache__"))
    assert not changes(made, given(model, server=str(tmp_path / "server")))
    (tmp_path / "server" / "runtime" / "place.py").write_text("another")
    assert changes(made, given(model, server=str(tmp_path / "server"))) == ["server_digest"]


def test_a_base_of_another_python_is_no_change(props: dict[str, Any]) -> None:
    made = make(props)
    assert not changes(made, {**props, "bases": {**BASES, "3.12": "python:3.12.9-slim"}})
    assert changes(made, {**props, "bases": {**BASES, "3.11": "python:3.11.9-slim"}}) == ["bases"]


def test_a_machines_own_authorities_go_into_the_build_and_change_nothing(
    props: dict[str, Any], model: Path, tmp_path: Path, pushed: dict[str, Path]
) -> None:
    bundle = tmp_path / "ca.pem"
    bundle.write_text("PEM")
    elsewhere = given(model, ca_bundle=str(bundle))
    made, other = make(props), make(elsewhere)
    [image] = pushed
    assert (pushed[image] / "ca-bundle.crt").read_text() == "PEM"
    assert (made["digest"], made["image"]) == (other["digest"], other["image"])
    assert not changes(made, elsewhere)


def test_an_alias_that_moved_is_a_change(registry: str) -> None:
    news = given("models:/wine@champion", tracking_uri=registry)
    assert changes({**news, "version": "6"}, news) == ["resolved"]
    assert not changes({**news, "version": "7"}, news)


def test_an_alias_keeps_its_version_while_nobody_can_say(capsys: pytest.CaptureFixture[str]) -> None:
    news = given("models:/wine@champion", tracking_uri="http://127.0.0.1:9")
    assert not changes({**news, "version": "6", "resolved": "6"}, news)
    assert "MLflow does not answer at http://127.0.0.1:9" in capsys.readouterr().err


def test_an_alias_that_is_gone_fails_the_plan_and_one_that_is_not_trained_yet_does_not(registry: str) -> None:
    news = given("models:/wine@gone", tracking_uri=registry)
    assert not ModelFilesProvider().check({}, news).failures
    [failure] = ModelFilesProvider().check({"resolved": "6"}, news).failures
    assert "has no models:/wine@gone" in failure.reason


def test_a_model_brought_twice_is_the_same(props: dict[str, Any], tmp_path: Path) -> None:
    first, second = (bring(props, tmp_path / name) for name in ("first", "second"))
    assert first == second


def test_images_have_layers_in_common_by_server_and_requirements(props: dict[str, Any]) -> None:
    plan = Plan(python="3.11", server="mlserver", reason=None, lock=LOCKED)
    built, server, environment = model_files.layers(props, plan)
    other = {**props, "repository": "registry.test/beer", "source": "models:/beer/1"}
    assert model_files.layers(other, plan) == (built, server, environment)
    with_others = replace(plan, lock="numpy==2.4.6\n", packages=["libgomp1"])
    assert model_files.layers(props, replace(plan, lock="numpy==2.4.6\n"))[:2] == (built, server)
    assert model_files.layers(props, with_others)[0] == built
    assert not {server, environment} & set(model_files.layers(props, with_others)[1:])
    elsewhere = model_files.layers({**props, "repository": "elsewhere.test/wine"}, plan)
    assert elsewhere[0] == built
    assert not {server, environment} & set(elsewhere)
    for changed in ({"server_digest": "other"}, {"bases": {"3.11": "other"}}, {"package_index": "https://pypi.test"}):
        assert not {built, server, environment} & set(model_files.layers({**props, **changed}, plan)), changed
