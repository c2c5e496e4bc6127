"""Parts that need one another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from components.settings.problems import Problem, fault

if TYPE_CHECKING:
    from components.settings import Settings


def check(settings: Settings) -> Iterator[Problem]:
    platform = settings.platform
    if platform.serving != "off" and platform.certificates == "off":
        yield fault(("platform", "certificates"), "off", "KServe needs cert-manager; write install or existing")
    if platform.serverless == "install" and platform.mesh == "off":
        yield fault(
            ("platform", "mesh"), "off", "Knative is installed with Istio as its network; write install or existing"
        )
    if settings.models and platform.serving == "off":
        yield fault(
            ("platform", "serving"),
            "off",
            "models are served by KServe; write install or existing, or remove the models",
        )
