"""What happens around Pulumi: settings first, the state and its passphrase, a cluster that is gone."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.clients.cluster_api import ClusterError
from components.errors import SlipwayError
from tools import environment, stack_file
from tools.engine import backend, cluster, process
from tools.engine.stack import Stack, write_used_file
from tools.lifecycle import verbs


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty checkout with a dev stack, and no Pulumi settings in the environment."""
    committed = Path("Pulumi.dev.yaml").read_text().replace("train: model/train.py", "")
    monkeypatch.chdir(tmp_path)
    for name in ("PULUMI_BACKEND_URL", "PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "Pulumi.dev.yaml").write_text(committed)
    return tmp_path


def content(**config: Any) -> dict[str, Any]:
    return {"config": {f"slipway:{key}": value for key, value in config.items()}}


def test_the_state_stays_in_the_checkout_with_a_passphrase_that_only_its_owner_can_read(checkout: Path) -> None:
    env = backend.environment(Stack("dev"), content(), {"PATH": "/bin"})
    assert env["PULUMI_BACKEND_URL"] == f"file://{checkout}/.slipway/state"
    passphrase = Path(env["PULUMI_CONFIG_PASSPHRASE_FILE"])
    assert len(passphrase.read_text()) >= 32
    assert passphrase.stat().st_mode & 0o777 == 0o600
    assert passphrase.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.usefixtures("checkout")
def test_the_passphrase_is_made_once() -> None:
    first = backend.passphrase_file().read_text()
    assert backend.passphrase_file().read_text() == first


@pytest.mark.usefixtures("checkout")
def test_a_shared_state_brings_its_own_passphrase() -> None:
    with pytest.raises(SlipwayError, match="set PULUMI_CONFIG_PASSPHRASE_FILE"):
        backend.environment(Stack("prod"), content(backend="s3://state"), {})
    given = {"PULUMI_CONFIG_PASSPHRASE": "theirs"}
    env = backend.environment(Stack("prod"), content(backend="s3://state"), given)
    assert env["PULUMI_BACKEND_URL"] == "s3://state"
    assert not Path(".slipway/passphrase").exists()


def test_the_environment_has_the_last_word_on_the_backend(checkout: Path) -> None:
    given = {"PULUMI_BACKEND_URL": f"file://{checkout}/elsewhere", "PULUMI_CONFIG_PASSPHRASE": "x"}
    env = backend.environment(Stack("prod"), content(backend="s3://state"), given)
    assert env["PULUMI_BACKEND_URL"] == f"file://{checkout}/elsewhere"


def test_the_state_of_an_embedded_stack_is_on_its_machine_whatever_is_exported(checkout: Path) -> None:
    given = {"PULUMI_BACKEND_URL": "s3://state"}
    env = backend.environment(Stack("local"), content(embedded={}), given)
    assert env["PULUMI_BACKEND_URL"] == f"file://{checkout}/.slipway/state"
    assert env["PULUMI_CONFIG_PASSPHRASE_FILE"] == f"{checkout}/.slipway/passphrase"


@pytest.mark.usefixtures("checkout")
def test_pulumi_cloud_needs_a_token_and_no_passphrase(tmp_path: Path) -> None:
    cloud = content(backend="https://api.pulumi.com")
    with pytest.raises(SlipwayError, match="set PULUMI_ACCESS_TOKEN"):
        backend.environment(Stack("prod"), cloud, {"PULUMI_HOME": str(tmp_path / "none")})
    env = backend.environment(Stack("prod"), cloud, {"PULUMI_ACCESS_TOKEN": "pul-1"})
    assert env["PULUMI_BACKEND_URL"] == "https://api.pulumi.com"
    assert "PULUMI_CONFIG_PASSPHRASE_FILE" not in env


def test_a_folder_as_backend_is_made_and_means_the_same_from_everywhere(checkout: Path) -> None:
    env = backend.environment(Stack("prod"), content(backend="file://shared"), {"PULUMI_CONFIG_PASSPHRASE": "x"})
    assert env["PULUMI_BACKEND_URL"] == f"file://{checkout}/shared"
    assert (checkout / "shared").is_dir()


@pytest.mark.usefixtures("checkout")
def test_only_a_preview_can_be_from_nothing() -> None:
    with pytest.raises(SlipwayError, match="--from-nothing is for preview"):
        verbs.run("up", Stack("dev"), ["--from-nothing"])


def test_a_stack_without_its_secrets_has_placeholders_and_no_key() -> None:
    kept = {"encryptionsalt": "v1:x", "secretsprovider": "awskms://", **content(database={"url": {"secure": "v1:y"}})}
    assert stack_file.without_secrets(kept) == content(database={"url": "secure value"})


def test_the_salt_of_the_state_is_kept_out_of_the_committed_file(checkout: Path) -> None:
    stack = Stack("dev")
    committed = (checkout / "Pulumi.dev.yaml").read_text()
    write_used_file(stack, content(imageMirror="a"))
    stack.used_file.write_text(stack.used_file.read_text() + "encryptionsalt: v1:abc\n")
    write_used_file(stack, content(imageMirror="b"))
    assert yaml.safe_load(stack.used_file.read_text()) == {"encryptionsalt": "v1:abc", **content(imageMirror="b")}
    assert (checkout / "Pulumi.dev.yaml").read_text() == committed


def test_faulty_settings_stop_before_anything_is_written(checkout: Path) -> None:
    path = checkout / "Pulumi.dev.yaml"
    path.write_text(path.read_text().replace("max: 3", "max: 0"))
    with pytest.raises(SlipwayError, match=r"slipway:models\[0\]\.autoscaling\.max"):
        verbs.run("up", Stack("dev"), [])
    assert not (checkout / ".slipway").exists()


def test_a_missing_pulumi_is_brought_along_at_its_pin(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Stop(Exception):
        pass

    def install(tools: list[Any]) -> None:
        raise Stop(*[tool.name for tool in tools])

    monkeypatch.setenv("PATH", str(checkout))
    monkeypatch.setattr(environment, "BIN", checkout / "bin")
    monkeypatch.setattr(verbs, "install", install)
    with pytest.raises(Stop) as caught:
        verbs.run("up", Stack("dev"), [])
    assert caught.value.args == ("pulumi", "kubernetes-provider")


def state_with(*resources: dict[str, Any]) -> str:
    return json.dumps({"deployment": {"resources": list(resources)}})


@pytest.mark.usefixtures("checkout")
@pytest.mark.parametrize(("left", "forgotten"), [("[]", True), ('[{"type": "kept"}]', False)])
def test_a_stack_is_forgotten_only_when_nothing_of_it_was_kept(
    monkeypatch: pytest.MonkeyPatch, left: str, forgotten: bool
) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(process, "ask", lambda *_: f'{{"deployment": {{"resources": {left}}}}}')

    def pulumi(arguments: list[str], _env: object) -> int:
        asked.append(arguments[:2])
        return 1

    monkeypatch.setattr(process, "pulumi", pulumi)
    verbs.forget(verbs.Session(Stack("dev"), {"PULUMI_BACKEND_URL": backend.own_backend()}, []))
    assert asked == ([["stack", "rm"]] if forgotten else [])


def with_cluster(checkout: Path, section: dict[str, Any]) -> Stack:
    content = {"config": {"slipway:cluster": section}}
    (checkout / "Pulumi.there.yaml").write_text(yaml.safe_dump(content))
    return Stack("there")


def test_a_kind_cluster_that_is_not_made_yet_is_not_asked(checkout: Path) -> None:
    stack = with_cluster(checkout, {"kind": {"name": "x"}})
    assert cluster.standing(stack) is None
    assert cluster.reachable(stack) is None


def test_a_cluster_that_does_not_answer_is_told_apart_from_none(checkout: Path) -> None:
    existing = {"kubeconfig": str(checkout / "kubeconfig"), "context": "c"}
    stack = with_cluster(checkout, {"existing": existing})
    with pytest.raises(SlipwayError, match=r"slipway:cluster\.existing\.kubeconfig: "):
        cluster.standing(stack)
    named = {"name": "c", "cluster": {"server": "http://127.0.0.1:1"}}
    context = {"name": "c", "context": {"cluster": "c", "user": "u"}}
    content = {"clusters": [named], "contexts": [context], "users": [{"name": "u", "user": {}}], "current-context": "c"}
    (checkout / "kubeconfig").write_text(yaml.safe_dump(content))
    with pytest.raises(ClusterError, match="the cluster does not answer"):
        cluster.standing(stack)
