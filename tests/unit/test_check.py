"""`python -m tools check` tells what is wrong with a stack file, without Pulumi."""

import subprocess
import sys
from pathlib import Path

import pytest

from tools import check, stack_file


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
