"""What renovate.json looks for is there: every pin is found by exactly one of its patterns, with what it must know."""

import json
import re
from pathlib import Path

import pytest

from components.settings.images import qualified, split
from components.settings.versions import CHARTS, IMAGES
from tools.toolchain.pins import ON_DEMAND, TOOLS

CONFIG = json.loads(Path("renovate.json").read_text())
VERSIONS = Path("components/settings/versions.py")


def found(path: Path) -> list[dict[str, str]]:
    """As Renovate finds them: its named groups, and the templates of the manager."""
    matches: list[dict[str, str]] = []
    for manager in CONFIG["customManagers"]:
        if any(re.search(pattern.strip("/"), str(path)) for pattern in manager["managerFilePatterns"]):
            fixed = {"datasource": manager["datasourceTemplate"]} if "datasourceTemplate" in manager else {}
            for pattern in manager["matchStrings"]:
                python = re.sub(r"\(\?<([a-zA-Z]+)>", r"(?P<\1>", pattern)
                matches += [{**fixed, **match.groupdict()} for match in re.finditer(python, path.read_text())]
    return matches


@pytest.mark.parametrize("key", CHARTS)
def test_every_chart_is_found(key: str) -> None:
    chart = CHARTS[key]
    wanted = {"depName": chart.chart.removeprefix("oci://"), "currentValue": chart.version}
    of_registry = (
        {"datasource": "docker"} if not chart.repository else {"datasource": "helm", "registryUrl": chart.repository}
    )
    matches = [each for each in found(VERSIONS) if each["depName"] == wanted["depName"]]
    assert matches == [{**wanted, **of_registry}]


# The Pythons are those that models were trained with, and not to be raised.
@pytest.mark.parametrize("key", [key for key in IMAGES if not key.startswith("python-")])
def test_every_image_is_found(key: str) -> None:
    name, version = split(IMAGES[key])
    tag, _, digest = (version or "").partition("@")
    matches = [each for each in found(VERSIONS) if split(qualified(each["depName"]))[0] == name]
    assert [(each["currentValue"], each["currentDigest"] or "") for each in matches] == [(tag, digest)]


def test_every_tool_is_found_by_its_version() -> None:
    matches = found(Path("tools/toolchain/pins.py"))
    assert sorted(each["currentValue"] for each in matches) == sorted(tool.version for tool in (*TOOLS, *ON_DEMAND))
    assert all(each["datasource"] == "github-releases" and each["extractVersion"] for each in matches)


def test_every_auditor_is_found_and_asked() -> None:
    matches = found(Path("Makefile"))
    assert [each["depName"] for each in matches] == ["zizmor", "checkov", "pip-audit"]
    assert {each["datasource"] for each in matches} == {"pypi"}


def test_the_date_of_a_release_is_a_version() -> None:
    [minio] = [each for each in found(VERSIONS) if each["depName"] == "pgsty/minio"]
    pattern = re.sub(r"\(\?<([a-z]+)>", r"(?P<\1>", minio["versioning"].removeprefix("regex:"))
    assert re.match(pattern, minio["currentValue"])


def test_what_belongs_together_moves_together() -> None:
    [platform] = [rule for rule in CONFIG["packageRules"] if rule.get("groupName") == "platform"]
    named = {each for each in platform["matchDepNames"] if "/" not in each}
    assert named == {CHARTS[key].chart for key in CHARTS if key.startswith(("istio", "knative", "cert-manager"))}
