"""Two renderings of the same are the same, of a change they differ by it, and no secret is in either."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from components.errors import SlipwayError
from components.settings.versions import CHARTS
from tests.render.conftest import Write
from tools.images.inventory import inventory
from tools.render.folder import NOT_RENDERED, files, write
from tools.render.manifest import documents, dump
from tools.render.stack import render

CERT_MANAGER = CHARTS["cert-manager"].version


def rendered(path: Path) -> dict[str, str]:
    return files(render(path))


def test_two_renderings_are_the_same_though_the_chart_makes_things_up(stack: Write) -> None:
    path = stack()
    first = rendered(path)
    assert first == rendered(path)
    made_up = first["cert-manager/Deployment-cert-manager.yaml"] + first["cert-manager/ConfigMap-script.yaml"]
    assert made_up.count("[generated]") == 2


def test_every_object_of_the_program_and_of_its_charts_has_a_file(stack: Write) -> None:
    found = rendered(stack())
    assert "mlops/Deployment-mlflow.yaml" in found
    assert "cert-manager/Deployment-cert-manager.yaml" in found
    assert "_cluster/CustomResourceDefinition-wides.test.example.yaml" in found
    assert "_cluster/Wide.test.example-wide.yaml" in found
    assert "_cluster/ClusterRole-system_test.yaml" in found
    assert "_cluster/Namespace-cert-manager.yaml" in found
    assert not [path for path in found if "never" in path]
    for path, text in found.items():
        if not path.startswith("_"):
            namespaces = [each["metadata"]["namespace"] for each in yaml.safe_load_all(text)]
            assert set(namespaces) == {path.partition("/")[0]}


def test_a_hook_is_marked(stack: Write) -> None:
    text = rendered(stack())["cert-manager/Job-check.yaml"]
    assert text.startswith("# Of the chart cert-manager, run by Helm as its hook (post-install)\n")


def test_no_secret_is_written(stack: Write) -> None:
    found = rendered(stack(values={"given": "plain"}))
    everything = "\n".join(found.values())
    assert "the-database-secret" not in everything
    assert "the-store-secret" not in everything
    database = yaml.safe_load(found["mlops/Secret-database.yaml"])
    assert database["stringData"] == {"uri": "[secret]"}
    generated = yaml.safe_load(found["cert-manager/Secret-generated.yaml"])
    assert generated["data"] == {"password": "[secret]", "given": "[secret]"}


def test_a_secret_of_the_stack_file_that_is_encrypted_is_no_obstacle(stack: Write) -> None:
    found = rendered(stack(database={"url": {"secure": "v1:abc"}}))
    assert yaml.safe_load(found["mlops/Secret-database.yaml"])["stringData"] == {"uri": "[secret]"}


def test_one_changed_setting_is_a_small_diff(stack: Write, tmp_path: Path) -> None:
    write(render(stack()), tmp_path / "base")
    write(render(stack(tracking={"workers": 3}, values={"word": "three"})), tmp_path / "head")
    command = ["git", "diff", "--no-index", "--unified=0", "base", "head"]
    said = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False).stdout.splitlines()
    changed = [line for line in said if line[:1] in "+-" and line[:3] not in ("+++", "---")]
    files_changed = [line for line in said if line.startswith("diff ")]
    assert "+    echo three" in changed
    assert len(files_changed) == 3  # MLflow's Deployment, the chart's ConfigMap, the release's values
    assert len(changed) == 5


def test_a_chart_that_cannot_be_reached_is_named_and_its_values_are_still_there(stack: Write) -> None:
    rendering = render(stack(charts={"cert-manager": {"repository": "http://127.0.0.1:9"}}))
    found = files(rendering)
    assert f"cert-manager {CERT_MANAGER} (http://127.0.0.1:9/cert-manager)" in found[NOT_RENDERED]
    assert "refused" in rendering.missing["cert-manager"]
    assert "crds:" in found["_releases/cert-manager.yaml"]
    assert "mlops/Deployment-mlflow.yaml" in found
    assert inventory(rendering).missing


def test_a_chart_that_helm_refuses_is_an_error_and_not_a_missing_chart(stack: Write) -> None:
    with pytest.raises(SlipwayError, match=rf"^cert-manager {re.escape(CERT_MANAGER)} .*nil pointer"):
        render(stack(values={"crds": None}))


def test_a_folder_of_something_else_is_left_alone(stack: Write, tmp_path: Path) -> None:
    rendering, folder = render(stack()), tmp_path / "mine"
    folder.mkdir()
    (folder / "notes.txt").write_text("mine")
    with pytest.raises(SlipwayError, match="name another folder"):
        write(rendering, folder)
    assert (folder / "notes.txt").read_text() == "mine"


def test_what_is_no_longer_rendered_is_gone_from_the_folder(stack: Write, tmp_path: Path) -> None:
    write(render(stack()), tmp_path / "out")
    off = {**yaml.safe_load(stack().read_text())["config"]["slipway:platform"], "certificates": "off"}
    write(render(stack(platform=off, charts={})), tmp_path / "out")
    assert not (tmp_path / "out" / "cert-manager").exists()
    assert (tmp_path / "out" / "mlops").exists()


def test_the_images_of_program_and_charts_are_listed(stack: Write) -> None:
    found = {image.name: image.users for image in inventory(render(stack())).images}
    assert found[f"quay.io/jetstack/cert-manager-controller:{CERT_MANAGER}"] == ("cert-manager",)
    assert "Deployment mlflow" in next(users for name, users in found.items() if "mlflow/mlflow" in name)


def test_the_command_says_where_and_how_many(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tools", "render", "local", "--to", str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.startswith(f"{tmp_path / 'out'}: ")
    assert (tmp_path / "out" / "models" / "InferenceService.serving.kserve.io-mlflow-wine-classifier.yaml").is_file()
    again = subprocess.run([*command[:-1], str(tmp_path)], capture_output=True, text=True, check=False)
    assert again.returncode == 1
    assert "name another folder" in again.stderr


def test_yaml_is_read_as_kubernetes_reads_it() -> None:
    [content] = documents("{kind: X, day: 2026-01-02, sign: =, yes: on}")
    assert content["day"] == "2026-01-02"
    assert content["sign"] == "="


def test_a_list_is_the_objects_in_it() -> None:
    assert [each["kind"] for each in documents("{kind: List, items: [{kind: A}, {kind: B}]}\n---\n")] == ["A", "B"]


def test_lines_are_written_as_lines() -> None:
    same = {"b": 1}
    assert dump({"text": "a\nb\n", "one": same, "two": same}) == "one:\n  b: 1\ntext: |\n  a\n  b\ntwo:\n  b: 1\n"
