"""metrics-server, which measures the cpu and memory that autoscalers follow."""

from components.settings.parts.part import Deployment, Part, PartNamespace
from components.settings.scaling import Autoscaling, QueriedMetric
from components.settings.stack import Settings

# A system service: it belongs where the kubelet's other clients are.
NAMESPACE = PartNamespace(name="kube-system", shared=True)


def follows_resources(settings: Settings) -> bool:
    """Whether a model scales on cpu or memory."""
    return any(
        any(not isinstance(metric, QueriedMetric) for metric in scaling.declared)
        if isinstance(scaling, Autoscaling)
        else scaling.autoscaler == "hpa"
        for scaling in (model.autoscaling for model in settings.models)
        if scaling
    )


PART = Part(
    setting="metrics_server",
    title="metrics-server",
    charts=("metrics-server",),
    namespaces=(NAMESPACE,),
    needed=follows_resources,
    signs=(Deployment(title="metrics-server", name="metrics-server"),),
    api_groups=("metrics.k8s.io",),
    version_of="metrics-server",
    # Its README, by chart version.
    kubernetes={"3.13": ("1.31", None), "3.14": ("1.34", None)},
)
