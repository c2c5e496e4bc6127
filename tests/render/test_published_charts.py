"""The pinned charts, where they can be reached: at their own places, or in the mirror that CHART_MIRROR names."""

import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.kubernetes.hardening import BEYOND_ANY_NODE
from components.settings.versions import CHARTS, IMAGES
from tests.unit.scaled import PODS
from tools import stack_file
from tools.images.inventory import ON_DEMAND, Inventory, inventory
from tools.render.stack import Rendering, render

MIRROR = "mirror.test/all"
DIGEST = f"sha256:{'a' * 64}"
# The tags of its images are the chart's own, so they are not locked.
RUNTIMES = f"kserve-runtime-configs{ON_DEMAND}"

DATABASE = {"cloudNativePg": {"backup": {"destination": "s3://backups/mlflow"}}}


def everything(folder: Path, **changes: Any) -> Rendering:
    """The dev stack with every part that there is. Skips the test when a chart cannot be reached."""
    config = stack_file.settings_of(yaml.safe_load(Path("Pulumi.dev.yaml").read_text()))
    [model] = config["models"]
    model["autoscaling"]["metrics"].append(PODS)
    config |= {
        "platform": {"servingRuntimes": True, "meshCni": "install", "dashboards": "install"},
        "database": DATABASE,
        **changes,
    }
    if mirror := os.environ.get("CHART_MIRROR"):
        config["chartMirror"] = mirror
    path = folder / "Pulumi.everything.yaml"
    path.write_text(yaml.safe_dump({"config": {f"slipway:{key}": value for key, value in config.items()}}))
    rendering = render(path)
    if rendering.missing:
        pytest.skip(f"cannot be reached: {', '.join(rendering.missing)}")
    return rendering


@pytest.fixture(scope="module")
def plain(helm: None, tmp_path_factory: pytest.TempPathFactory) -> Inventory:  # noqa: ARG001
    return inventory(everything(tmp_path_factory.mktemp("plain")))


def test_no_image_is_outside_the_mirror(plain: Inventory, tmp_path: Path) -> None:
    assert {chart.key for chart in plain.charts} == set(CHARTS) - {"keda"}
    mirrored = inventory(everything(tmp_path, imageMirror=MIRROR))
    assert [image.at for image in mirrored.images if not image.at.startswith(f"{MIRROR}/")] == []
    assert [image.name for image in mirrored.images] == [image.name for image in plain.images]


def test_the_pins_say_what_their_charts_ship(plain: Inventory) -> None:
    tags = {image.name.rpartition(":")[2] for image in plain.images}
    for key in {chart.key for chart in plain.charts}:
        assert CHARTS[key].ships is None or CHARTS[key].ships in tags


def test_every_image_takes_the_digest_that_is_locked(plain: Inventory, tmp_path: Path) -> None:
    names = [image.name for image in plain.images]
    (tmp_path / "lock.yaml").write_text(yaml.safe_dump(dict.fromkeys(names, DIGEST)))
    locked = inventory(everything(tmp_path, imageLock=str(tmp_path / "lock.yaml")))
    open_ = [image for image in locked.images if not image.digest and image.users != (RUNTIMES,)]
    assert [image.name for image in open_ if image.name not in IMAGES.values()] == []


# Templates of Knative's operator and of KServe's manager write a limit whatever they are given.
LIFTED = {"knative-operator", "operator-webhook", "kserve-controller-manager"}


def test_no_container_of_the_platform_is_slowed_down_by_a_limit_on_cpu(helm: None, tmp_path: Path) -> None:  # noqa: ARG001
    limits = {
        (manifest.name, container["name"]): container.get("resources", {}).get("limits", {}).get("cpu")
        for manifest in everything(tmp_path).manifests
        if manifest.release and manifest.kind == "Deployment"
        for container in manifest.content["spec"]["template"]["spec"]["containers"]
    }
    limited = {name: limit for name, limit in limits.items() if limit is not None}
    assert {name for name, _ in limited} <= LIFTED
    assert set(limited.values()) <= {BEYOND_ANY_NODE}
