"""The committed stacks keep their policies, and the engine is told how strictly."""

import json
from pathlib import Path
from typing import Any

import pytest

from components.settings import Policies, Settings, parse_settings
from policy.pack import POLICIES, StackPolicy
from policy.resource import Resource
from tests.unit.engine import Run, run_stack
from tools import stack_file
from tools.engine import policies
from tools.engine.stack import Stack


def resources(run: Run) -> list[Resource]:
    return [
        Resource(type=each.type, name=each.name, inputs=each.inputs, protect=each.protect)
        for each in run.all
        if each.custom
    ]


def violations(run: Run, stack_policies: Policies) -> dict[str, list[str]]:
    """What the mandatory policies say, by policy."""
    configured, seen = policies.configuration(stack_policies), resources(run)
    found: dict[str, list[str]] = {}
    for policy in POLICIES:
        if configured[policy.name] == "mandatory":
            if isinstance(policy, StackPolicy):
                said = [message for _, message in policy.check(seen)]
            else:
                said = [message for resource in seen for message in policy.check(resource)]
            if said:
                found[policy.name] = said
    return found


def settings(stack: str) -> Settings:
    return parse_settings(stack_file.settings_of(stack_file.read(Path(f"Pulumi.{stack}.yaml"))))


@pytest.mark.parametrize("stack", ["local", "dev", "prod"])
def test_a_committed_stack_keeps_its_mandatory_policies(stack: str) -> None:
    assert not violations(run_stack(stack), settings(stack).policies)


def test_prod_is_held_to_what_production_needs() -> None:
    assert settings("prod").policies.production
    assert not settings("dev").policies.production


SETTINGS_THAT_BITE: list[tuple[str, dict[str, Any]]] = [
    ("protected-data", {"database": {"storage": "20Gi", "keep": False}}),
    ("no-root", {"security": {}, "database": {"storage": "20Gi", "keep": True, "volumePermissions": True}}),
    (
        "authenticated-endpoints",
        {"ingress": {"domain": "models.example.com"}, "tracking": {"hosts": ["mlflow.example.com"]}},
    ),
    ("image-digests", {"images": {"mlflow": "ghcr.io/mlflow/mlflow:v3.17.2-full"}}),
    ("no-latest", {"charts": {"istiod": {"values": {"image": "docker.io/istio/pilot:latest"}}}}),
    (
        "requests-and-limits",
        {"tracking": {"hosts": ["mlflow.example.com"], "auth": True, "resources": {"limits": {"memory": "2Gi"}}}},
    ),
    ("requests-and-limits", {"charts": {"istiod": {"values": {"resources": {"limits": None}}}}}),
    ("no-plain-secrets", {"charts": {"istiod": {"values": {"adminPassword": "hunter2"}}}}),
]


@pytest.mark.parametrize(("policy", "changes"), SETTINGS_THAT_BITE, ids=[name for name, _ in SETTINGS_THAT_BITE])
def test_a_setting_of_prod_that_breaks_a_policy_is_found(policy: str, changes: dict[str, Any]) -> None:
    assert policy in violations(run_stack("prod", changes), Policies(production=True))


def test_the_engine_is_given_the_levels_that_the_stack_chose(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = Path("Pulumi.dev.yaml").read_text().replace("train: model/train.py", "")
    choice = "{no-latest: {level: advisory, reason: tried out}, no-root: {level: 'off', reason: a host-path volume}}"
    monkeypatch.chdir(tmp_path)
    Path("Pulumi.dev.yaml").write_text(f"{text}\n  slipway:policies: {{levels: {choice}}}\n")
    stack = Stack("dev")
    stack.folder.mkdir(parents=True)
    _, pack, _, file = policies.options(stack, stack.folder)
    assert (Path(pack) / "PulumiPolicy.yaml").is_file()
    chosen = json.loads(Path(file).read_text())
    assert chosen["no-latest"] == "advisory"
    assert chosen["no-root"] == "disabled"
    assert chosen["no-privilege"] == "mandatory"
    assert set(chosen) == {policy.name for policy in POLICIES}


def test_a_level_needs_its_reason() -> None:
    with pytest.raises(ValueError, match="reason"):
        Policies.model_validate({"levels": {"no-root": {"level": "off"}}})


def test_the_starter_can_be_run() -> None:
    starter = policies.PACK / "pulumi-analyzer-policy-slipway"
    assert starter.stat().st_mode & 0o111
