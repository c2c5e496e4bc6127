"""The parts that serving stands on."""

from typing import Literal

from pydantic import Field

from components.settings.addresses import BaseUrl
from components.settings.section import Positive, Section

Installation = Literal["install", "existing", "off"]


class Platform(Section):
    """What Slipway installs, finds installed, or does without."""

    replicas: Positive = Field(
        1, description="Pods of each part that can have several, spread over zones and nodes, drained one at a time."
    )
    certificates: Installation = Field("install", description="cert-manager")
    mesh: Installation = Field("install", description="Istio: base, istiod and the ingress gateway")
    mesh_cni: Installation = Field(
        "off", description="Istio's CNI plugin, without which sidecars need a privileged container"
    )
    serverless: Installation = Field("install", description="Knative Serving by its operator")
    serving: Installation = Field("install", description="KServe")
    serving_runtimes: bool = Field(False, description="KServe's own serving runtimes; a model image needs none.")
    metrics_server: Installation = Field(
        "install", description="metrics-server, for models that scale on cpu or memory"
    )
    prometheus: Installation = Field("install", description="Prometheus, for models that scale on a query")
    prometheus_url: BaseUrl | None = Field(
        None, description="prometheus existing: where it answers inside the cluster, with its port."
    )
    dashboards: Installation = Field(
        "off", description="Grafana with dashboards of the models, the platform and the data; alerts in Prometheus."
    )
    runbooks: BaseUrl | None = Field(
        None,
        description="Where the documents' site is, for the alerts' links; default: their file in the checkout.",
    )
    metrics_adapter: Installation | Literal["keda"] = Field(
        "install", description="prometheus-adapter, or KEDA in its place, for models that scale on a query"
    )
    database_operator: Installation = Field("install", description="CloudNativePG, for a database that it runs")
