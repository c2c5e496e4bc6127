"""`python -m tools check` tells what is wrong with a stack file, without Pulumi."""

import json
import re
import subprocess
import sys
import time
from contextvars import copy_context
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml

from components import stack_config
from components.settings import Settings, SettingsError, document, parse_settings
from components.settings.rules import stack as rules
from components.settings.versions import CHARTS
from tests import corpus
from tools import check, recording, stack_file


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_the_committed_stack_files_are_right(stack: str, tmp_path: Path) -> None:
    committed = tmp_path / f"Pulumi.{stack}.yaml"  # away from this machine's override
    committed.write_text(Path(f"Pulumi.{stack}.yaml").read_text())
    assert check.faults(committed) == []


def run(path: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tools", "check", str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_fault_is_one_line_and_exit_1(tmp_path: Path) -> None:
    path = tmp_path / "Pulumi.x.yaml"
    path.write_text(Path("Pulumi.dev.yaml").read_text().replace("max: 3", "max: 0"))
    done = run(path)
    assert done.returncode == 1
    assert done.stdout == f"{path}: slipway:models[0].autoscaling.max: 0: write at least 1\n"


def test_good_settings_say_nothing_and_exit_0(tmp_path: Path) -> None:
    path = tmp_path / "Pulumi.x.yaml"
    path.write_text(Path("Pulumi.dev.yaml").read_text())
    done = run(path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_an_override_of_a_part_that_no_model_needs_is_noted_and_taken(tmp_path: Path) -> None:
    path = tmp_path / "Pulumi.x.yaml"
    text = (
        Path("Pulumi.dev.yaml")
        .read_text()
        .replace("    metrics-server:", "    prometheus: {timeoutSeconds: 9}\n    metrics-server:")
    )
    path.write_text(text)
    done = run(path)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == (
        f"note: {path}: slipway:charts.prometheus: without effect: nothing in this stack needs Prometheus "
        "(Prometheus, for models that scale on a query)\n"
    )


def told(settings: dict[str, Any]) -> str:
    """The faults and the notes."""
    try:
        return "\n".join(map(str, rules.notes(parse_settings(settings))))
    except SettingsError as error:
        return str(error)


@pytest.mark.parametrize("key", sorted(CHARTS))
def test_an_override_of_any_chart_has_an_effect_or_is_told(key: str) -> None:
    for base in corpus.bases().values():
        given = {**base, "charts": {key: {"timeoutSeconds": 4321}}}
        if f"slipway:charts.{key}: without effect" not in told(given):
            assert recording.run_stack("test", given).one("Release", key).inputs["timeout"] == 4321


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("config: [", "config[0]: not YAML near line 2, column 1"),
        ("- a", "config: write a mapping"),
        ("config: 1", "config: write a mapping"),
    ],
)
def test_a_file_that_is_no_stack_file_is_one_line(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "Pulumi.x.yaml"
    path.write_text(text)
    fault = check.faults(path)[0]
    assert fault.startswith(f"{path}: {reason}")
    assert "\n" not in fault


def test_a_missing_file_is_one_line(tmp_path: Path) -> None:
    assert check.faults(tmp_path / "no.yaml") == [f"{tmp_path / 'no.yaml'}: No such file or directory"]


def test_an_encrypted_value_passes_for_the_secret_that_it_holds(tmp_path: Path) -> None:
    path = tmp_path / "Pulumi.x.yaml"
    path.write_text(Path("Pulumi.dev.yaml").read_text() + "  slipway:database:\n    url: {secure: AAAB}\n")
    assert check.faults(path) == []


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("charts", {"istiod": {"values": {"global": {"token": {"secure": "v1:x"}}}}}),
        ("knativeServing", {"spec": {"config": {"a": {"secure": "v1:x"}}}}),
        ("imageMirror", {"secure": "v1:x"}),
    ],
)
def test_a_secret_that_nothing_carries_further_is_refused(tmp_path: Path, key: str, value: object) -> None:
    path = tmp_path / "Pulumi.x.yaml"
    content = yaml.safe_load(Path("Pulumi.dev.yaml").read_text())
    content["config"][f"slipway:{key}"] = value
    path.write_text(yaml.safe_dump(content))
    (found,) = check.faults(path)
    assert f"slipway:{key}" in found
    assert "encrypted" in found


def test_the_override_is_merged_over_the_stack_file(tmp_path: Path) -> None:
    path = tmp_path / "Pulumi.x.yaml"
    path.write_text(Path("Pulumi.dev.yaml").read_text())
    stack_file.override_path_of(path).write_text("config:\n  slipway:cluster: {kind: {httpPort: 9090}}\n")
    kind = stack_file.effective(path)["config"]["slipway:cluster"]["kind"]
    assert (kind["httpPort"], kind["name"]) == (9090, "slipway-dev")


SECRETS = """
  slipway:policies: {{production: {production}}}
  slipway:database: {{url: "postgresql+psycopg2://me:hunter2@db/mlflow"}}
"""


def with_a_plain_secret(folder: Path, production: str) -> Path:
    """The dev stack, on a database whose URL is in plain text."""
    path = folder / "Pulumi.x.yaml"
    path.write_text(Path("Pulumi.dev.yaml").read_text() + SECRETS.format(production=production))
    return path


def test_production_keeps_no_secret_in_plain_text(tmp_path: Path) -> None:
    path = with_a_plain_secret(tmp_path, "true")
    [fault] = check.faults(path)
    assert fault == (
        f"{path}: slipway:database.url: a secret in plain text; write it with "
        "`pulumi config set --secret --path slipway:database.url`"
    )
    assert not check.faults(with_a_plain_secret(tmp_path, "false"))


def test_an_encrypted_secret_and_one_that_is_not_committed_pass(tmp_path: Path) -> None:
    path = with_a_plain_secret(tmp_path, "true")
    text = path.read_text()
    path.write_text(text.replace('"postgresql+psycopg2://me:hunter2@db/mlflow"', "{secure: v1:abc}"))
    assert not check.faults(path)
    lines = SECRETS.format(production="true").splitlines()
    path.write_text(text.replace(lines[2], ""))
    (tmp_path / "Pulumi.x.override.yaml").write_text(f"config:\n{lines[2]}\n")
    assert not check.faults(path)


def checked(folder: Path, content: bytes) -> list[str]:
    path = folder / "Pulumi.x.yaml"
    path.write_bytes(content)
    return check.faults(path)


FILES = document.read(Path("tests/corpus/files.yaml").read_bytes()).content


@pytest.mark.parametrize("case", FILES, ids=[case["text"].encode("unicode_escape").decode() for case in FILES])
def test_a_file_of_the_wrong_form_is_refused_and_no_secret_is_told(tmp_path: Path, case: dict[str, str]) -> None:
    found = checked(tmp_path, case["text"].encode())
    where = f"{tmp_path / 'Pulumi.x.yaml'}: {case['key']}"
    assert any(fault.startswith((f"{where}: ", f"{where}[", f"{where}.")) for fault in found), found
    assert not [fault for fault in found if "hunter2" in fault or "\n" in fault]


# Each list has nine times the one before.
LAUGHS = b"a: &a [x]\n" + b"".join(
    b"%c: &%c [%s]\n" % (each, each, b",".join([b"*%c" % (each - 1)] * 9)) for each in range(98, 123)
)


@pytest.mark.parametrize(
    "content",
    [
        "config:\n  slipway:ingress: {domain: mödels}\n".encode("latin-1"),
        "config: {}\n".encode("utf-16"),
        b"\x00\x01\x02",
        b"\xff" * 100,
        b"config: " + b"[" * 1500,
        b"config: " + b"{a: " * 1500,
        b"config: " + b"9" * 5000,
        b"a" * 2_000_000,
        b"a: &a [x,x]\n"
        + b"".join(b"%c: &%c [%s]\n" % (c, c, b",".join([b"*%c" % (c - 1)] * 9)) for c in range(98, 123)),
    ],
    ids=["latin-1", "utf-16", "binary", "no text", "lists", "mappings", "digits", "size", "aliases"],
)
def test_no_file_brings_a_check_down(tmp_path: Path, content: bytes) -> None:
    begun = time.process_time()
    assert checked(tmp_path, content)
    assert time.process_time() - begun < 2


@pytest.mark.parametrize("name", ["kind", "cloud", "cnpg", "scaled", "existing"])
def test_type_faults_and_contradictions_are_told_together(tmp_path: Path, name: str) -> None:
    settings = document.read(Path("tests/corpus/bases.yaml").read_bytes()).content[name]
    settings["models"][0] |= {"readyWithin": "soon", "rolloutSeconds": 60}
    content = yaml.safe_dump({"config": {f"slipway:{key}": value for key, value in settings.items()}})
    keys = [fault.split(": ")[1] for fault in checked(tmp_path, content.encode())]
    assert keys == ["slipway:models[0].readyWithin", "slipway:models[0].rolloutSeconds"]


def test_anchors_and_merges_are_read_as_pulumi_reads_them(tmp_path: Path) -> None:
    text = (
        Path("Pulumi.dev.yaml").read_text()
        + "  slipway:build: &b {keepImages: 3}\n  other:x: {<<: *b, keepImages: 4}\n"
    )
    assert checked(tmp_path, text.encode()) == []
    assert stack_file.read(tmp_path / "Pulumi.x.yaml")["config"]["other:x"] == {"keepImages": 4}


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('slipway:charts: {kserve-crd: {version: "v0.19.0"}}', "slipway:charts.kserve-crd.version"),
        ('slipway:knativeServing: {version: "1.1.0"}', "slipway:knativeServing.version"),
        ("slipway:knativeServing: {version: latest}", "slipway:knativeServing.version"),
    ],
)
def test_what_an_up_would_refuse_whatever_is_there_is_refused_before(tmp_path: Path, text: str, key: str) -> None:
    dev = Path("Pulumi.dev.yaml").read_text()
    found = (
        checked(tmp_path, f"{dev}  {text}\n".encode())
        if "charts" not in text
        else checked(tmp_path, re.sub(r"  slipway:charts:\n(    .*\n)+", f"  {text}\n", dev).encode())
    )
    assert any(f"{key}: " in fault for fault in found), found


def test_plain_pulumi_refuses_a_lost_secret_beside_one_that_is_carried(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pulumi tells that something below the key is encrypted, and not what."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("pulumi.get_stack", lambda: "x")
    store = {"engine": "s3", "endpoint": "https://s3.test", "accessKeyId": "AKIA", "secretAccessKey": "hunter2"}
    values = {"cluster": {"kind": {"name": "x"}}, "ingress": {"domain": "x.test"}, "objectStore": store}

    def load() -> Settings:
        texts = {f"slipway:{key}": json.dumps(value) for key, value in values.items()}
        pulumi.runtime.set_all_config(texts, ["slipway:objectStore"])
        return stack_config.load()

    written: dict[str, object] = {**store, "secretAccessKey": {"secure": "v1:a"}}
    file = tmp_path / "Pulumi.x.yaml"
    file.write_text(yaml.safe_dump({"config": {"slipway:objectStore": written}}))
    assert copy_context().run(load).object_store.access_key_id == "AKIA"
    written["accessKeyId"] = {"secure": "v1:b"}
    file.write_text(yaml.safe_dump({"config": {"slipway:objectStore": written}}))
    with pytest.raises(SettingsError, match=r"slipway:objectStore\.accessKeyId: encrypted"):
        copy_context().run(load)
