"""A checkout of its own with its own embedded cluster, shared by the whole session."""

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from pulumi import automation

from tools import stack_file
from tools.bench.frame.checkout import checkout as copied
from tools.embedded.stack import EmbeddedStack
from tools.environment import tools_first
from tools.toolchain.install import is_there
from tools.toolchain.pins import TOOLS


@dataclass(frozen=True)
class Checkout:
    """A second checkout of the project, and the cluster that it started."""

    root: Path
    cluster: EmbeddedStack

    def stack(self, name: str, config: dict[str, Any]) -> automation.Stack:
        """A stack of these settings, with its state in the checkout."""
        file = self.root / f"Pulumi.{name}.yaml"
        file.write_text(yaml.safe_dump({"config": config}))
        env = {
            "PULUMI_BACKEND_URL": f"file://{self.root / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE": "test",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        }
        (self.root / "state").mkdir(exist_ok=True)
        options = automation.LocalWorkspaceOptions(env_vars=env)
        return automation.create_or_select_stack(name, work_dir=str(self.root), opts=options)

    def kubectl(self, *arguments: str) -> str:
        kubeconfig = self.cluster.folder / "kubeconfig"
        done = subprocess.run(
            ["kubectl", f"--kubeconfig={kubeconfig}", *arguments], check=True, capture_output=True, text=True
        )
        return done.stdout

    def names(self, kind: str) -> set[str]:
        """`namespace/name` of every object of the kind."""
        form = "--output=jsonpath={range .items[*]}{.metadata.namespace}/{.metadata.name}{'\\n'}{end}"
        return set(self.kubectl("get", kind, "--all-namespaces", form).split())


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    missing = [tool.name for tool in TOOLS if not is_there(tool)]
    assert not missing, f"run `make tools` first: {', '.join(missing)}"
    root = copied(tmp_path_factory.mktemp("checkout"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", tools_first()["PATH"])
        cluster = EmbeddedStack(root / "Pulumi.local.yaml", dict(os.environ), print)
        try:
            cluster.up()
            yield Checkout(root, cluster)
        finally:
            cluster.remove()


@pytest.fixture(scope="session")
def local_config(checkout: Checkout) -> dict[str, Any]:
    """The committed local stack, with the ports that were chosen for this checkout."""
    return dict(stack_file.effective(checkout.root / "Pulumi.local.yaml")["config"])
