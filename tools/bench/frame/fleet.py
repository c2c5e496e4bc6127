"""Slipway's own program with as many models as wanted, on an embedded cluster of its own."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from components.clients.process import run
from tools import recording, stack_file
from tools.bench.frame.checkout import checkout
from tools.bench.frame.pulumi import Project
from tools.embedded.stack import EmbeddedStack
from tools.environment import tools_first

_STACK = "local"


@dataclass(frozen=True)
class Fleet:
    """The local stack in a checkout of its own; all its models are the example under other names."""

    root: Path

    @property
    def file(self) -> Path:
        return self.root / f"Pulumi.{_STACK}.yaml"

    @property
    def kubeconfig(self) -> Path:
        return self.root / ".slipway" / _STACK / "embedded" / "kubeconfig"

    @property
    def project(self) -> Project:
        """The stack as Pulumi alone knows it."""
        state = self.root / ".slipway"
        own = {
            "PULUMI_BACKEND_URL": f"file://{state / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE_FILE": str(state / "passphrase"),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
        }
        # With the ports that were chosen for it, as `make` gives them to Pulumi.
        used = state / _STACK / self.file.name
        return Project(folder=self.root, stack=_STACK, env=tools_first() | own, config_file=used)

    def models(self, count: int) -> None:
        """Write so many models into the stack file."""
        content = yaml.safe_load(self.file.read_text())
        first = content["config"]["slipway:models"][0]
        content["config"]["slipway:models"] = [{**first, "name": f"model-{each:04}"} for each in range(count)]
        self.file.write_text(yaml.safe_dump(content))

    def tools(self, *words: str) -> None:
        """A command as a user runs it. Raises CommandFailed."""
        run(["python", "-m", "tools", words[0], _STACK, *words[1:]], env=tools_first(), cwd=self.root, timeout=None)

    def objects(self) -> list[dict[str, Any]]:
        """Every object that the program makes in the cluster, as a plain program would declare it."""
        made = recording.run_stack(_STACK, stack_file.settings_of(stack_file.effective(self.file)))
        return [
            {"type": each.type, "name": each.name, "inputs": each.inputs} for each in made.kubernetes if each.custom
        ]


@contextmanager
def fleet(root: Path) -> Iterator[Fleet]:
    """With its cluster running and its model served; all of it goes at the end."""
    root.mkdir()
    made = Fleet(checkout(root))
    cluster = EmbeddedStack(made.file, tools_first(), lambda _: None)
    try:
        cluster.up()
        yield made
    finally:
        cluster.remove()


def manifests(objects: Sequence[dict[str, Any]]) -> str:
    """For kubectl."""
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": [each["inputs"] for each in objects]})
