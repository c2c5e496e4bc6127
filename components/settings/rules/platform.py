"""Parts that need one another, and settings of parts that are not installed."""

from collections.abc import Iterator

from components.settings.parts import PARTS
from components.settings.problems import Problem, fault
from components.settings.serving_version import is_carried, is_version
from components.settings.stack import Settings
from components.settings.versions import CARRIED


def needs(settings: Settings) -> Iterator[Problem]:
    platform = settings.platform
    if platform.serving != "off" and platform.certificates == "off":
        yield fault(("platform", "certificates"), "off", "KServe needs cert-manager; write install or existing")
    if platform.serverless == "install" and platform.mesh == "off":
        yield fault(
            ("platform", "mesh"), "off", "Knative is installed with Istio as its network; write install or existing"
        )
    if platform.mesh_cni == "install" and platform.mesh != "install":
        yield fault(
            ("platform", "meshCni"),
            "install",
            "an istiod that is there must know of the plugin; write existing where it does, or platform.mesh: install",
        )
    if platform.mesh_cni == "existing" and platform.mesh == "off":
        yield fault(("platform", "meshCni"), "existing", "without effect: platform.mesh is off; remove it")
    if settings.models and platform.serving == "off":
        yield fault(
            ("platform", "serving"),
            "off",
            "models are served by KServe; write install or existing, or remove the models",
        )


def without_effect(settings: Settings) -> Iterator[Problem]:
    platform = settings.platform
    if platform.replicas > 1 and not any(part.installed(settings) for part in PARTS):
        yield fault(
            ("platform", "replicas"),
            platform.replicas,
            "without effect: no part of the platform is installed; remove it",
        )
    if platform.serving_runtimes and platform.serving != "install":
        yield fault(
            ("platform", "servingRuntimes"), True, f"without effect: platform.serving is {platform.serving}; remove it"
        )
    if settings.knative_serving and platform.serverless != "install":
        yield fault(
            ("knativeServing",), None, f"without effect: platform.serverless is {platform.serverless}; remove it"
        )
    if platform.prometheus_url and platform.prometheus != "existing":
        yield fault(
            ("platform", "prometheusUrl"),
            platform.prometheus_url,
            f"without effect: platform.prometheus is {platform.prometheus}; remove it, or write existing there",
        )


def dashboards(settings: Settings) -> Iterator[Problem]:
    platform, here = settings.platform, ("platform", "dashboards")
    if platform.dashboards == "existing":
        yield fault(
            here, "existing", "Slipway does not write into a Grafana that it did not install; write install, or off"
        )
    if platform.dashboards == "install" and platform.prometheus != "install":
        yield fault(
            here,
            "install",
            f"its queries and alerts need Slipway's own Prometheus, and platform.prometheus is {platform.prometheus}; "
            "write install there, or off here",
        )
    if platform.dashboards == "install" and platform.mesh == "off":
        yield fault(
            here, "install", "requests are counted at Istio's gateway, and platform.mesh is off; write off here too"
        )
    if platform.dashboards != "install":
        for index, model in enumerate(settings.models):
            if model.objective:
                yield fault(
                    ("models", index, "objective"),
                    None,
                    f"nothing watches it: platform.dashboards is {platform.dashboards}; write install, or remove it",
                )
        if platform.runbooks:
            yield fault(
                ("platform", "runbooks"),
                platform.runbooks,
                f"without effect: platform.dashboards is {platform.dashboards}; remove it",
            )


def mutual_tls(settings: Settings) -> Iterator[Problem]:
    here = ("security", "mutualTls")
    if not settings.security.mutual_tls:
        return
    if settings.platform.mesh_cni == "off":
        yield fault(
            here,
            True,
            "without Istio's CNI plugin sidecars need a privileged container; write platform.meshCni: install",
        )
    for index, model in enumerate(settings.models):
        if model.mode == "Knative":
            yield fault(
                ("models", index, "mode"),
                "Knative",
                "Knative's parts are outside of the mesh, which security.mutualTls shuts out; write Standard",
            )


def serving_version(settings: Settings) -> Iterator[Problem]:
    given, here = settings.knative_serving, ("knativeServing", "version")
    if "version" not in given:
        return
    version = given["version"]
    if not is_version(version):
        yield fault(here, version, 'not a version of Knative Serving; write one in quotes, such as "1.22" or "1.22.1"')
    elif settings.image_mirror and not is_carried(version) and "registry" not in given:
        yield fault(
            here,
            version,
            f"Slipway knows the images of {min(CARRIED)} to {max(CARRIED)} only, so imageMirror does not reach these; "
            "write one of those versions, or knativeServing.registry.override",
        )


RULES = (needs, without_effect, serving_version, dashboards, mutual_tls)
