"""Parts that need one another."""

from collections.abc import Iterator

from components.settings.problems import Problem, fault
from components.settings.stack import Settings


def check(settings: Settings) -> Iterator[Problem]:
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
    if settings.security.mutual_tls:
        yield from _mutual_tls(settings)
    if settings.models and platform.serving == "off":
        yield fault(
            ("platform", "serving"),
            "off",
            "models are served by KServe; write install or existing, or remove the models",
        )


def _mutual_tls(settings: Settings) -> Iterator[Problem]:
    here = ("security", "mutualTls")
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
