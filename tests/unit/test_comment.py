"""What a comment says: the plan, the policies, the manifests; never a secret; one comment for each stack."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from components.errors import SlipwayError
from tests.unit.http_server import served_by
from tests.unit.test_policies import TOKENS
from tools.comment import events, markdown
from tools.comment.events import Change, Plan
from tools.comment.github import Repository

URN = "urn:pulumi:prod::slipway::slipway:data:Tracking$kubernetes:apps/v1:Deployment::mlflow"


def step(operation: str, urn: str = URN, **more: Any) -> dict[str, Any]:
    return {"resourcePreEvent": {"metadata": {"op": operation, "urn": urn, **more}}}


def log(folder: Path, *happened: dict[str, Any]) -> Path:
    path = folder / "events.json"
    path.write_text("".join(f"{json.dumps(each)}\n" for each in happened))
    return path


SUMMARY = {"summaryEvent": {"resourceChanges": {"update": 1, "same": 30}}}


def test_a_plan_has_what_changes_and_in_which_properties(tmp_path: Path) -> None:
    changed = step("update", detailedDiff={"spec.replicas": {}, "spec.template": {}})
    plan = events.read(log(tmp_path, step("same"), changed, step("create-replacement"), SUMMARY))
    properties = ("spec.replicas", "spec.template")
    assert plan.changes == [Change("update", "kubernetes:apps/v1:Deployment", "mlflow", properties)]
    assert plan.counts == {"update": 1}
    assert plan.finished


def test_a_run_that_was_killed_is_a_failure_and_not_no_changes(tmp_path: Path) -> None:
    path = log(tmp_path, step("create"))
    path.write_text(path.read_text() + '{"resourcePre')
    assert len(events.read(path).changes) == 1
    assert "### prod: the preview failed" in markdown.text("prod", "preview", events.read(path), "", {})
    assert "the preview failed" in markdown.text("prod", "preview", events.read(tmp_path / "none"), "", {})


def test_the_comment_says_what_changes_and_what_the_policies_say(tmp_path: Path) -> None:
    message = "Images have a version.\nDeployment mlflow: write a version\n"
    said = {"policyEvent": {"policyName": "no-latest", "enforcementLevel": "mandatory", "message": message}}
    plan = events.read(log(tmp_path, step("update", diffs=["spec"]), said, SUMMARY))
    comment = markdown.text("prod", "preview", plan, "diff --git a/x b/x\n-a\n+b\n", {})
    assert comment.startswith(markdown.marker("prod", "preview"))
    assert "### prod: 1 to update" in comment
    assert "- **mandatory** `no-latest`: Deployment mlflow: write a version" in comment
    assert "| ~ | `kubernetes:apps/v1:Deployment` mlflow | `spec` |" in comment
    assert "Rendered manifests: 1 changed" in comment
    assert "```diff\ndiff --git a/x b/x\n-a\n+b\n```" in comment


def test_an_error_of_the_engine_is_said(tmp_path: Path) -> None:
    error = {"diagnosticEvent": {"severity": "error", "message": "no such chart\n"}}
    plan = events.read(log(tmp_path, error, SUMMARY))
    assert "> no such chart" in markdown.text("prod", "preview", plan, None, {})


def test_what_did_not_change_is_said_too() -> None:
    comment = markdown.text("dev", "preview", Plan(finished=True), "", {})
    assert "### dev: no changes" in comment
    assert "The rendered manifests do not change." in comment
    assert "manifests" not in markdown.text("dev", "preview", Plan(finished=True), None, {})


@pytest.mark.parametrize("lines", [3_000, 100_000])
def test_a_comment_fits_github_and_says_what_was_cut(lines: int) -> None:
    plan = Plan(changes=[Change("update", "t" * 80, "n" * 80, ("p" * 400,))] * 500, finished=True)
    diff = "diff --git a/x b/x\n" + "\n".join(f"+line {number} {'x' * 20}" for number in range(lines))
    comment = markdown.text("prod", "preview", plan, diff, {})
    assert len(comment) <= markdown.LONGEST
    assert len(comment) > markdown.LONGEST - 200
    assert f"… cut here, of {lines + 1} lines: the whole diff is an artifact of this run\n```\n" in comment
    assert comment.rstrip().endswith("</details>")


def test_a_diff_with_fences_of_its_own_stays_in_its_fence() -> None:
    comment = markdown.text("prod", "preview", Plan(finished=True), "diff --git a/x b/x\n+````\n+</details>", {})
    assert "\n`````diff\n" in comment


def test_no_secret_is_in_a_comment() -> None:
    key = "-----BEGIN RSA PRIVATE KEY-----\nMIIhunter2\n-----END RSA PRIVATE KEY-----"
    diff = f"+a: hunter2-of-the-state\n+b: postgresql://me:hunter2@db\n+c: AKIA{'A' * 16}\n+{key}\n+d: kept\n"
    environment = {"PULUMI_CONFIG_PASSPHRASE": "hunter2-of-the-state", "PATH": "kept"}
    comment = markdown.text(
        "prod", "preview", Plan(finished=True, errors=["no hunter2-of-the-state"]), diff, environment
    )
    assert "hunter2" not in comment
    assert "AKIA" not in comment
    assert "+d: kept" in comment


class GitHub:
    """As much of GitHub's API as the workflows use."""

    def __init__(self) -> None:
        self.kept: dict[str, list[dict[str, Any]]] = {"comments": [], "issues": []}
        self.asked: list[str] = []

    def answer(self, method: str, path: str, content: dict[str, Any]) -> Any:
        self.asked.append(f"{method} {path}")
        kept = self.kept["comments" if "comments" in path else "issues"]
        if method == "GET":
            page = int(path.rpartition("page=")[2])
            return kept[(page - 1) * 100 : page * 100]
        if method == "PATCH":
            number = int(path.rpartition("/")[2])
            next(each for each in kept if each["id"] == number).update(content)
        else:
            kept.append({"id": len(kept) + 1, "number": len(kept) + 1, "user": {"type": "Bot"}, **content})
        return {}


@pytest.fixture
def github() -> GitHub:
    return GitHub()


@pytest.fixture
def repository(github: GitHub) -> Iterator[Repository]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            content = json.loads(self.rfile.read(length)) if length else {}
            known = self.headers["Authorization"] == "Bearer right"
            answer = github.answer(self.command, self.path.removeprefix("/repos/o/r"), content) if known else "no"
            self.send_response(200 if known else 403)
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        do_POST = do_PATCH = do_GET

        def log_message(self, *_: Any) -> None:
            pass

    with served_by(Handler) as address:
        yield Repository(f"http://{address}", "o/r", "right")


MARKER = markdown.marker("prod", "preview")


def test_a_second_push_writes_over_the_comment_of_the_first(repository: Repository, github: GitHub) -> None:
    repository.comment(7, MARKER, f"{MARKER} first")
    repository.comment(7, markdown.marker("dev", "preview"), "another stack")
    repository.comment(7, MARKER, f"{MARKER} second")
    assert [each["body"] for each in github.kept["comments"]] == [f"{MARKER} second", "another stack"]


def test_the_comment_is_found_behind_a_hundred_others(repository: Repository, github: GitHub) -> None:
    github.kept["comments"] += [{"id": 1000 + each, "user": {"type": "User"}, "body": ""} for each in range(100)]
    repository.comment(7, MARKER, MARKER)
    repository.comment(7, MARKER, f"{MARKER} again")
    assert len(github.kept["comments"]) == 101


def test_a_persons_comment_is_never_written_over(repository: Repository, github: GitHub) -> None:
    github.kept["comments"].append({"id": 9, "user": {"type": "User"}, "body": f"see {MARKER}"})
    repository.comment(7, MARKER, MARKER)
    assert github.kept["comments"][0]["body"] == f"see {MARKER}"
    assert len(github.kept["comments"]) == 2


def test_drift_is_one_issue_until_it_is_gone(repository: Repository, github: GitHub) -> None:
    marker = markdown.marker("prod", "drift")
    repository.close(marker, "nothing to close")
    repository.issue(marker, "prod has drifted", f"{marker} a Deployment")
    repository.issue(marker, "prod has drifted", f"{marker} two Deployments")
    [issue] = github.kept["issues"]
    assert issue["body"] == f"{marker} two Deployments"
    repository.close(marker, "prod is again what the code says.")
    assert issue["state"] == "closed"
    assert [each["body"] for each in github.kept["comments"]] == ["prod is again what the code says."]


def test_a_refusal_of_githubs_is_said(repository: Repository) -> None:
    stranger = Repository(repository.api, repository.name, "wrong")
    with pytest.raises(SlipwayError, match=r"GET /issues/7/comments.*: 403: \"no\""):
        stranger.comment(7, MARKER, MARKER)


@pytest.mark.parametrize("token", TOKENS)
def test_a_token_of_a_known_form_is_hidden(token: str) -> None:
    said = markdown.hidden(f"+key: {token}\n+kept: yes\n", {})
    assert token not in said
    assert said.splitlines()[-1] == "+kept: yes"
