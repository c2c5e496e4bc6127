"""The workflows call what is there, with no more rights than they need; what they do is tested where it is written."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml

FOLDER = Path(".github")
WORKFLOWS = sorted(FOLDER.glob("workflows/*.yml"))
FILES = [*WORKFLOWS, *FOLDER.glob("actions/*/action.yml")]
# By whom; each by the commit of a release, for a tag can be moved. Renovate raises both.
ACTIONS = {
    "actions/checkout",
    "actions/setup-python",
    "actions/cache",
    "actions/upload-artifact",
    "actions/download-artifact",
    "aws-actions/configure-aws-credentials",
}
PIN = re.compile(r"([\w.-]+/[\w.-]+)@([0-9a-f]{40}) # (v\d+\.\d+\.\d+)")


def content(path: Path) -> dict[str, Any]:
    # YAML 1.1 reads the key `on` as true.
    return {"on" if key is True else key: value for key, value in yaml.safe_load(path.read_text()).items()}


def jobs(path: Path) -> dict[str, Any]:
    return dict(content(path).get("jobs", {}))


def steps(path: Path) -> Iterator[dict[str, Any]]:
    for job in jobs(path).values():
        yield from job.get("steps", ())
    yield from content(path).get("runs", {}).get("steps", ())


def every_script() -> list[str]:
    return [step["run"] for path in FILES for step in steps(path) if "run" in step]


def test_there_is_one_for_each_task() -> None:
    assert [path.stem for path in WORKFLOWS] == ["backup", "deploy", "drift", "preview", "published", "test"]


def test_every_make_target_is_there() -> None:
    targets = set(re.findall(r"^([a-z -]+):", Path("Makefile").read_text(), re.MULTILINE))
    known = {word for target in targets for word in target.split()}
    called = {
        word
        for script in every_script()
        for word in re.findall(r"\bmake (?:--directory \S+ |--silent )*([a-z-]+)", script)
    }
    assert called == {"audit", "backup", "doctor", "preview", "render", "up"}
    assert called <= known


def test_every_tool_and_script_is_there() -> None:
    tools = {word for script in every_script() for word in re.findall(r"python3 -m (\S+)", script)}
    assert tools == {"tools.comment"}
    assert all(find_spec(f"{tool}.__main__") for tool in tools)
    assert Path(".ci/run").stat().st_mode & 0o111
    local = {step["uses"] for path in FILES for step in steps(path) if step.get("uses", "").startswith("./")}
    assert all((Path(each) / "action.yml").is_file() for each in local)


def test_what_comments_needs_nothing_that_is_installed() -> None:
    code = "import sys; sys.path.insert(0, '.'); import tools.comment.github, tools.comment.markdown"
    subprocess.run([shutil.which("python3") or "python3", "-I", "-S", "-c", code], check=True)


@pytest.mark.parametrize("stack", sorted({s for p in WORKFLOWS for s in re.findall(r"stack: \[(.*)\]", p.read_text())}))
def test_every_stack_has_its_file(stack: str) -> None:
    assert all(Path(f"Pulumi.{name.strip()}.yaml").is_file() for name in stack.split(","))


def test_actions_are_known_and_pinned_by_one_commit_each() -> None:
    lines = [line for path in FILES for line in re.findall(r"uses: (.*)", path.read_text()) if line[:2] != "./"]
    pins = {line: PIN.fullmatch(line) for line in lines}
    assert not [line for line, pin in pins.items() if not pin]
    assert {pin[1] for pin in pins.values() if pin} == ACTIONS
    assert len(pins) == len(ACTIONS)


WRITES = {
    ("preview", "preview"): {"id-token"},
    ("preview", "comment"): {"pull-requests"},
    ("deploy", "plan"): {"id-token"},
    ("deploy", "deploy"): {"id-token"},
    ("drift", "drift"): {"id-token", "issues"},
    ("backup", "backup"): {"id-token", "issues"},
    ("published", "published"): {"issues"},
}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_job_may_write_only_what_it_must(path: Path) -> None:
    assert content(path)["permissions"] == {"contents": "read"}
    for name, job in jobs(path).items():
        may = {right for right, level in job.get("permissions", {}).items() if level == "write"}
        assert may == WRITES.get((path.stem, name), set()), name


def test_no_pull_request_from_a_fork_gets_a_secret_or_a_token_that_writes() -> None:
    assert not [path for path in WORKFLOWS if "pull_request_target" in content(path)["on"]]
    assert "head.repo.full_name == github.repository" in jobs(FOLDER / "workflows" / "preview.yml")["comment"]["if"]


def test_the_job_that_writes_comments_runs_nothing_of_the_pull_request() -> None:
    comment = jobs(FOLDER / "workflows" / "preview.yml")["comment"]["steps"]
    checkouts = [step for step in comment if step.get("uses", "").startswith("actions/checkout")]
    assert [step["with"]["ref"] for step in checkouts] == ["${{ github.event.pull_request.base.sha }}"]


def test_no_checkout_leaves_its_token_behind() -> None:
    checkouts = [step for path in FILES for step in steps(path) if step.get("uses", "").startswith("actions/checkout")]
    assert checkouts
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


def test_nothing_of_the_event_is_read_as_shell() -> None:
    assert not [script for script in every_script() if "${{" in script]


def test_secrets_are_in_the_steps_that_need_them_and_nowhere_else() -> None:
    for path in WORKFLOWS:
        for job in jobs(path).values():
            assert "secrets." not in str(job.get("env", {}))
            assert not [step for step in job.get("steps", ()) if "uses" in step and "secrets." in str(step)]


def test_a_stack_is_changed_by_one_run_at_a_time_and_none_is_cut_off() -> None:
    groups = {
        name: jobs(FOLDER / "workflows" / f"{name}.yml")[name]["concurrency"] for name in ("deploy", "drift", "backup")
    }
    # GitHub lets one run wait in a group: a nightly one would cancel the deployment that waits.
    assert groups["deploy"]["group"] == "stack-${{ matrix.stack }}"
    assert groups["drift"]["group"] == "drift-${{ matrix.stack }}"
    assert groups["backup"]["group"] == "backup-${{ matrix.stack }}"
    assert not any(each["cancel-in-progress"] for each in groups.values())


def test_the_plan_that_was_approved_is_the_one_that_runs() -> None:
    plan, deploy = (str(jobs(FOLDER / "workflows" / "deploy.yml")[name]["steps"]) for name in ("plan", "deploy"))
    assert "--save-plan $RUNNER_TEMP/plan.json" in plan
    assert "--plan $RUNNER_TEMP/plan.json" in deploy
    for steps, action in ((plan, "upload-artifact"), (deploy, "download-artifact")):
        assert action in steps
        assert "plan-${{ matrix.stack }}" in steps


def test_a_deployment_waits_for_tests_plan_and_approval() -> None:
    found = jobs(FOLDER / "workflows" / "deploy.yml")
    assert (found["plan"]["needs"], found["deploy"]["needs"]) == ("test", "plan")
    assert found["deploy"]["environment"] == "${{ matrix.stack }}"


def test_no_job_runs_for_ever() -> None:
    own = [job for path in WORKFLOWS for job in jobs(path).values() if "uses" not in job]
    assert all(job["timeout-minutes"] <= 90 for job in own)


def test_a_failure_before_a_pipe_is_one() -> None:
    """GitHub's default shell knows no pipefail; a `shell: bash` does."""
    piped = [step for path in FILES for step in steps(path) if re.search(r"[^|]\|[^|]", step.get("run", ""))]
    assert piped
    assert all(step.get("shell") == "bash" for step in piped)


@pytest.mark.parametrize("script", every_script())
def test_every_script_is_bash(script: str) -> None:
    subprocess.run(["bash", "-n"], input=script, text=True, check=True)


@pytest.mark.skipif(not shutil.which("actionlint"), reason="actionlint is not installed")
def test_actionlint_finds_nothing() -> None:
    done = subprocess.run(["actionlint", *map(str, WORKFLOWS)], check=False, capture_output=True, text=True)
    assert not done.stdout
