"""A model's files become a build context, and only a change makes it anew."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from components.dynamic import model_files
from components.dynamic.model_files import ModelFilesProvider
from components.errors import SlipwayError
from components.serving import resolution
from components.serving.problem import ServingError

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
def props(tmp_path: Path, model: Path) -> dict[str, Any]:
    """As the provider gets them: what is None does not go over the wire."""
    return {
        "source": str(model),
        "server": "model",
        "folder": str(tmp_path / "context"),
        "wishes": {},
    }


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


def test_the_context_holds_the_server_the_requirements_and_the_model(props: dict[str, Any]) -> None:
    made = ModelFilesProvider().create(props).outs
    assert made is not None
    context = Path(props["folder"])
    assert (context / "Dockerfile").read_bytes() == Path("model/Dockerfile").read_bytes()
    for path in Path("model/runtime").glob("*.py"):
        assert (context / "runtime" / path.name).read_bytes() == path.read_bytes()
    assert (context / "server.txt").read_bytes() == Path("model/servers/mlserver.txt").read_bytes()
    assert (context / "requirements" / "requirements.lock").read_text() == LOCKED
    assert (context / "ca-bundle.crt").read_bytes() == b""
    assert (context / "model" / "model.skops").read_bytes() == b"weights"
    assert made["version"] == "local"
    assert json.loads(made["example"])["outputs"] == [0.5]


def test_everything_that_the_dockerfile_copies_is_in_the_context(props: dict[str, Any]) -> None:
    ModelFilesProvider().create(props)
    copies = [
        line.split()[1:-1] for line in Path("model/Dockerfile").read_text().splitlines() if line.startswith("COPY")
    ]
    sources = [
        source for words in copies if not words[0].startswith("--from") for source in words[words[0][:2] == "--" :]
    ]
    assert len(sources) >= 4
    assert not [source for source in sources if not (Path(props["folder"]) / source).exists()]


def test_a_ca_bundle_goes_into_the_context(props: dict[str, Any], tmp_path: Path) -> None:
    bundle = tmp_path / "ca.pem"
    bundle.write_text("PEM")
    ModelFilesProvider().create({**props, "ca_bundle": str(bundle)})
    assert (Path(props["folder"]) / "ca-bundle.crt").read_text() == "PEM"


def changes(olds: dict[str, Any] | None, news: dict[str, Any]) -> bool:
    assert olds is not None
    return bool(ModelFilesProvider().diff("context", olds, news).changes)


def test_nothing_changed_is_no_change(props: dict[str, Any]) -> None:
    assert not changes(ModelFilesProvider().create(props).outs, props)


def test_a_new_clone_without_the_context_makes_it_again(props: dict[str, Any]) -> None:
    made = ModelFilesProvider().create(props).outs
    (Path(props["folder"]) / "model" / "MLmodel").unlink()
    assert changes(made, props)


def test_another_file_in_the_local_model_is_a_change(props: dict[str, Any], model: Path) -> None:
    made = ModelFilesProvider().create(props).outs
    (model / "model.skops").write_bytes(b"other weights")
    assert changes(made, props)
    again = ModelFilesProvider().update("context", made or {}, props).outs
    assert again is not None
    assert again["digest"] != (made or {})["digest"]


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
    made = ModelFilesProvider().create(props).outs or {}
    (model / "model.skops").write_bytes(b"other weights")
    ModelFilesProvider().update("context", made, props)
    assert len(resolved) == 1
    (model / "requirements.txt").write_text("scikit-learn==1.9.2\n")
    ModelFilesProvider().update("context", made, props)
    assert len(resolved) == 2


def test_a_model_that_has_an_image_needs_no_versions(props: dict[str, Any], resolved: list[Path]) -> None:
    made = ModelFilesProvider().create({key: value for key, value in props.items() if key != "wishes"}).outs or {}
    assert not resolved
    assert json.loads(made["example"])["outputs"] == [0.5]


def test_an_alias_that_moved_is_a_change(registry: str, props: dict[str, Any]) -> None:
    made = ModelFilesProvider().create(props).outs
    news = {**props, "source": "models:/wine@champion", "tracking_uri": registry}
    assert changes({**(made or {}), **news, "version": "6"}, news)
    assert not changes({**(made or {}), **news, "version": "7"}, news)


def test_a_fresh_checkout_gets_the_files_again_and_sees_no_change(
    registry: str, props: dict[str, Any], model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = ModelFilesProvider().create(props).outs or {}
    kept = model.parent / "kept"
    shutil.move(props["folder"], kept)
    monkeypatch.setattr(model_files, "fetch", lambda olds: shutil.copytree(kept, olds["folder"]))
    asked = {**props, "tracking_uri": registry}
    assert not changes({**made, **asked}, asked)


def test_a_fresh_checkout_away_from_the_server_is_a_change_and_does_not_wait(props: dict[str, Any]) -> None:
    made = ModelFilesProvider().create(props).outs or {}
    shutil.rmtree(props["folder"])
    asked = {**props, "tracking_uri": "http://127.0.0.1:9"}
    assert changes({**made, **asked}, asked)


def test_a_model_that_is_another_than_the_stack_says_is_not_built(props: dict[str, Any]) -> None:
    found = dict(ModelFilesProvider().create(props).outs or {})["content"]
    assert ModelFilesProvider().create({**props, "pinned": found}).outs is not None
    (Path(props["source"]) / "model.skops").write_bytes(b"somebody else's")
    with pytest.raises(SlipwayError, match=rf"another model than the stack's `digest` says: {found} is wanted") as said:
        ModelFilesProvider().create({**props, "pinned": found})
    assert not Path(props["folder"]).exists()
    now = str(said.value).partition(" is sha256:")[2][:64]
    assert ModelFilesProvider().create({**props, "pinned": f"sha256:{now}"}).outs is not None


def test_a_model_that_has_an_image_may_be_of_any_python(props: dict[str, Any], model: Path) -> None:
    (model / "python_env.yaml").write_text("python: 3.14.1\n")
    assert ModelFilesProvider().create({key: value for key, value in props.items() if key != "wishes"}).outs
