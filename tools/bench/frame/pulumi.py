"""Pulumi in a folder of its own, and programs to hold Slipway's against."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from components.clients.process import run
from tools.environment import tools_first

EMPTY = "import pulumi\n"
# The objects of objects.json as plain resources: namespaces first, all others at once.
BARE = """
import json
from pathlib import Path

import pulumi
from pulumi import ResourceOptions
from pulumi_kubernetes import Provider

cluster = Provider("cluster", kubeconfig=pulumi.Config("bare").require("kubeconfig"))
objects = json.loads(Path("objects.json").read_text())
namespaces = []
for each in sorted(objects, key=lambda each: not each["type"].endswith(":Namespace")):
    options = ResourceOptions(provider=cluster, depends_on=list(namespaces))
    made = pulumi.CustomResource(each["type"], each["name"], each["inputs"], options)
    if each["type"].endswith(":Namespace"):
        namespaces.append(made)
"""


@dataclass(frozen=True, kw_only=True)
class Project:
    """A Pulumi project in `folder`, with the state beside it or where `env` says."""

    folder: Path
    stack: str = "bench"
    env: Mapping[str, str] = field(default_factory=dict)
    # Of the settings, where they are in no file of the stack's name.
    config_file: Path | None = None

    @classmethod
    def of(cls, folder: Path, program: str, config: Mapping[str, str] | None = None) -> "Project":
        """A new project with one stack."""
        folder.mkdir()
        (folder / "state").mkdir()
        (folder / "Pulumi.yaml").write_text("name: bare\nruntime: python\n")
        (folder / "__main__.py").write_text(program)
        state = {"PULUMI_BACKEND_URL": f"file://{folder / 'state'}", "PULUMI_CONFIG_PASSPHRASE": "bench"}
        project = cls(folder=folder, env=tools_first() | {**state, "PULUMI_SKIP_UPDATE_CHECK": "true"})
        project.pulumi("stack", "init", project.stack)
        for key, value in (config or {}).items():
            project.pulumi("config", "set", key, value)
        return project

    def pulumi(self, *words: str) -> str:
        """Raises CommandFailed."""
        return run(["pulumi", *words, "--non-interactive"], env=self.env, cwd=self.folder, timeout=None)

    @property
    def _configured(self) -> list[str]:
        return ["--stack", self.stack, *(["--config-file", str(self.config_file)] if self.config_file else [])]

    def preview(self) -> None:
        self.pulumi("preview", *self._configured)

    def up(self) -> None:
        self.pulumi("up", "--yes", "--skip-preview", *self._configured)

    def refresh(self) -> None:
        self.pulumi("refresh", "--yes", "--skip-preview", *self._configured)

    def destroy(self) -> None:
        self.pulumi("destroy", "--yes", "--skip-preview", *self._configured)

    def resources(self) -> list[dict[str, Any]]:
        exported = json.loads(self.pulumi("stack", "export", "--stack", self.stack))
        return list(exported["deployment"].get("resources") or [])
