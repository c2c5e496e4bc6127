"""A preview of every committed stack where nothing is: no state, no cluster, no kubeconfig, no container engine."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.embedded.conftest import Checkout
from tools import stack_file

pytestmark = pytest.mark.embedded

# What comes from elsewhere: charts from their repositories, the image builder from Pulumi's.
PARTS = ("certificates", "mesh", "meshCni", "serverless", "serving", "metricsServer", "prometheus", "metricsAdapter")
IMAGE = f"registry.example.com/model@sha256:{'0' * 64}"


@pytest.mark.parametrize("stack", ["local", "dev", "prod"])
def test_a_preview_shows_a_new_stack_and_leaves_nothing(checkout: Checkout, tmp_path: Path, stack: str) -> None:
    file = Path(f"Pulumi.{stack}.yaml")
    config = yaml.safe_load(file.read_text())["config"]
    config["slipway:platform"] = {**config.get("slipway:platform", {}), **dict.fromkeys(PARTS, "existing")}
    # Nothing is installed, so what is said of parts and charts would be without effect.
    config["slipway:platform"].pop("replicas", None)
    config.pop("slipway:charts", None)
    config["slipway:models"] = [{**model, "image": IMAGE} for model in config["slipway:models"]]
    config["slipway:database"] = {"url": {"secure": "v1:of-another-passphrase"}}
    (checkout.root / f"Pulumi.{stack}new.yaml").write_text(yaml.safe_dump({"config": config}))
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PULUMI_", "KUBE"))}
    done = subprocess.run(
        [sys.executable, "-m", "tools", "preview", f"{stack}new", "--from-nothing"],
        cwd=checkout.root,
        env={**env, "HOME": str(tmp_path), "DOCKER_HOST": "unix:///nonexistent"},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "predictions create" in done.stdout
    assert not (checkout.root / ".slipway" / f"{stack}new").exists()
    assert stack_file.read(checkout.root / f"Pulumi.{stack}new.yaml") == {"config": config}
