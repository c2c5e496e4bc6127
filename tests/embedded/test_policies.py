"""The real engine with the policies. It needs no cluster: the provider writes its objects to files."""

import json
import subprocess
from pathlib import Path

import pytest

from components.settings import Policies, PolicyLevel
from tools.engine import policies
from tools.environment import tools_first

pytestmark = pytest.mark.embedded

PROGRAM = """\
import os
import pulumi
import pulumi_kubernetes as k8s

provider = k8s.Provider("files", render_yaml_to_directory="rendered")
options = pulumi.ResourceOptions(provider=provider)
container = {
    "name": "server",
    "image": os.environ["IMAGE"],
    "resources": {"requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"memory": "1Gi"}},
    "securityContext": {
        "runAsNonRoot": True, "allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}
    },
}
k8s.core.v1.Pod("server", metadata={"name": "server"}, spec={"containers": [container]}, opts=options)
backend = {"service": {"name": "server", "port": {"number": 80}}}
path = {"path": "/", "path_type": "Prefix", "backend": backend}
k8s.networking.v1.Ingress(
    "server", metadata={"name": "server"}, spec={"rules": [{"http": {"paths": [path]}}]}, opts=options
)
"""
GOOD, BAD = f"example.com/server@sha256:{'0' * 64}", "example.com/server:latest"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("policies")
    (folder / "Pulumi.yaml").write_text("name: policies\nruntime: python\n")
    (folder / "__main__.py").write_text(PROGRAM)
    (folder / "state").mkdir()
    assert pulumi(folder, "stack", "init", "test").returncode == 0
    return folder


def pulumi(folder: Path, *arguments: str, image: str = GOOD) -> subprocess.CompletedProcess[str]:
    env = {
        **policies.startable(tools_first()),
        "PULUMI_BACKEND_URL": f"file://{folder / 'state'}",
        "PULUMI_CONFIG_PASSPHRASE": "test",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "IMAGE": image,
    }
    return subprocess.run(
        ["pulumi", *arguments, "--non-interactive"], cwd=folder, env=env, check=False, capture_output=True, text=True
    )


def held(folder: Path, verb: str, chosen: Policies, image: str = GOOD) -> subprocess.CompletedProcess[str]:
    """Pulumi's run with the policies at the levels that `chosen` gives them, as make runs it."""
    levels = folder / "levels.json"
    levels.write_text(json.dumps(policies.configuration(chosen)))
    skipped = ["--yes", "--skip-preview"] if verb == "up" else []
    pack = ["--policy-pack", str(policies.PACK), "--policy-pack-config", str(levels)]
    return pulumi(folder, verb, "--stack", "test", *pack, *skipped, image=image)


def pods(folder: Path) -> list[str]:
    return [path.name for path in (folder / "rendered").rglob("*.yaml") if "pod" in path.name]


def test_up_does_not_make_what_breaks_a_mandatory_policy(project: Path) -> None:
    done = held(project, "up", Policies(), BAD)
    assert done.returncode != 0
    assert "[mandatory]  no-latest" in done.stdout
    assert f"Pod server, container server: the image {BAD} is another one tomorrow" in done.stdout
    assert not pods(project)


def test_a_preview_says_it_too(project: Path) -> None:
    done = held(project, "preview", Policies(), BAD)
    assert done.returncode != 0
    assert "[mandatory]  no-latest" in done.stdout


def test_a_policy_of_the_whole_stack_stops_a_preview_in_production(project: Path) -> None:
    done = held(project, "preview", Policies(production=True))
    assert done.returncode != 0
    assert "[mandatory]  authenticated-endpoints" in done.stdout
    assert "every host answers anybody; write slipway:ingress.auth" in done.stdout


def test_an_advisory_policy_is_only_said(project: Path) -> None:
    tried = PolicyLevel(level="advisory", reason="tried out")
    done = held(project, "preview", Policies(levels={"no-latest": tried}), BAD)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "[advisory]  no-latest" in done.stdout


def test_what_keeps_the_policies_is_made(project: Path) -> None:
    done = held(project, "up", Policies())
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Policies:" not in done.stdout or "❌" not in done.stdout
    assert pods(project)
