"""Prometheus, and the adapter that serves its answers as metrics to autoscalers."""

from components.settings.parts.part import Controller, Finalizer, Part, PartNamespace
from components.settings.scaling import Autoscaling, QueriedMetric
from components.settings.stack import Settings

# The API server asks the adapter, or KEDA, for metrics, and KEDA about ScaledObjects.
# People reach Grafana by the gateway.
GRAFANA_PORT = 3000
NAMESPACE = PartNamespace(name="monitoring", open_ports=(6443, 9443), gateway_ports=(GRAFANA_PORT,))


def follows_queries(settings: Settings) -> bool:
    """Whether a model scales on something else than cpu and memory."""
    scalings = [model.autoscaling for model in settings.models]
    return any(
        isinstance(metric, QueriedMetric)
        for scaling in scalings
        if isinstance(scaling, Autoscaling)
        for metric in scaling.declared
    )


def _read(settings: Settings) -> bool:
    """Of ours, nobody but our adapter and our dashboards read."""
    platform = settings.platform
    ours = platform.metrics_adapter in ("install", KEDA.word)
    asked = follows_queries(settings) and (platform.prometheus != "install" or ours)
    return asked or platform.dashboards == "install"


PART = Part(
    setting="prometheus",
    title="Prometheus",
    charts=("prometheus",),
    namespaces=(NAMESPACE,),
    needed=_read,
)
ADAPTER = Part(
    setting="metrics_adapter",
    title="prometheus-adapter",
    charts=("prometheus-adapter",),
    namespaces=(NAMESPACE,),
    needed=follows_queries,
    api_groups=("custom.metrics.k8s.io", "external.metrics.k8s.io"),
)
# In place of the adapter.
KEDA = Part(
    setting="metrics_adapter",
    word="keda",
    title="KEDA",
    charts=("keda",),
    namespaces=(NAMESPACE,),
    needed=follows_queries,
    finalizers=(
        # kedacore/keda: controllers/keda/scaledobject_finalizer.go
        Finalizer(
            name="finalizer.keda.sh",
            kinds=("scaledobjects.keda.sh",),
            controllers=(Controller(namespace=NAMESPACE.name, name="keda-operator"),),
        ),
    ),
    api_groups=("external.metrics.k8s.io",),
)
