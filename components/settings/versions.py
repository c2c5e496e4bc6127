"""Every pin, with the reason it stands where it does.

Kubernetes, Istio, Knative and KServe are one set: the versions that KServe 0.20 is tested with, moved only within
their minor where a fix needs it. Raise one and you raise the others; the comment above each says what it waits for.
"""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Chart:
    """Where a Helm chart comes from. `repository` is None when `chart` is an `oci://` reference or a local path.

    `ships` is the tag of its images where that is not the chart's version; `make render` shows it.
    """

    chart: str
    version: str
    repository: str | None = None
    ships: str | None = None


CHARTS = {
    # KServe 0.20 is tested with 1.17; the API it uses (cert-manager.io/v1) is the same up to 1.21.
    # renovate: datasource=helm depName=cert-manager registryUrl=https://charts.jetstack.io
    "cert-manager": Chart(chart="cert-manager", version="v1.17.4", repository="https://charts.jetstack.io"),
    # Knative's net-istio 1.21 is built against 1.28. The old chart host (storage.googleapis.com) is switched off in
    # December 2026; this one holds the older versions too.
    # renovate: datasource=helm depName=istiod registryUrl=https://blob.istio.io/istio-release/charts
    "istio-base": Chart(chart="base", version="1.28.10", repository="https://blob.istio.io/istio-release/charts"),
    "istiod": Chart(chart="istiod", version="1.28.10", repository="https://blob.istio.io/istio-release/charts"),
    "istio-gateway": Chart(chart="gateway", version="1.28.10", repository="https://blob.istio.io/istio-release/charts"),
    "istio-cni": Chart(chart="cni", version="1.28.10", repository="https://blob.istio.io/istio-release/charts"),
    # The minor that KServe 0.20 is tested with. The chart's version keeps its `v`.
    # renovate: datasource=helm depName=knative-operator registryUrl=https://knative.github.io/operator
    "knative-operator": Chart(
        chart="knative-operator", version="v1.21.4", repository="https://knative.github.io/operator"
    ),
    # 0.17 split and renamed the charts: an upgrade from before it is a migration, not a `helm upgrade`.
    # renovate: datasource=docker depName=ghcr.io/kserve/charts/kserve-resources
    "kserve-crd": Chart(chart="oci://ghcr.io/kserve/charts/kserve-crd", version="v0.20.0"),
    "kserve-resources": Chart(chart="oci://ghcr.io/kserve/charts/kserve-resources", version="v0.20.0"),
    "kserve-runtime-configs": Chart(chart="oci://ghcr.io/kserve/charts/kserve-runtime-configs", version="v0.20.0"),
    # For Kubernetes 1.31 and later.
    # renovate: datasource=helm depName=metrics-server registryUrl=https://kubernetes-sigs.github.io/metrics-server/
    "metrics-server": Chart(
        chart="metrics-server",
        version="3.13.1",
        repository="https://kubernetes-sigs.github.io/metrics-server/",
        ships="v0.8.1",
    ),
    # Only its server is installed, and it keeps what the autoscalers need.
    # renovate: datasource=helm depName=prometheus registryUrl=https://prometheus-community.github.io/helm-charts
    "prometheus": Chart(
        chart="prometheus",
        version="29.27.0",
        repository="https://prometheus-community.github.io/helm-charts",
        ships="v3.14.0",
    ),
    # Serves custom.metrics.k8s.io/v1beta1 and v1beta2.
    # renovate: datasource=helm depName=prometheus-adapter registryUrl=https://prometheus-community.github.io/helm-charts
    "prometheus-adapter": Chart(
        chart="prometheus-adapter",
        version="5.3.0",
        repository="https://prometheus-community.github.io/helm-charts",
        ships="v0.12.0",
    ),
    # For Kubernetes 1.34 to 1.36. Its own backups to S3 leave with 1.31, so the plugin
    # makes them.
    # renovate: datasource=helm depName=cloudnative-pg registryUrl=https://cloudnative-pg.github.io/charts
    "cloudnative-pg": Chart(
        chart="cloudnative-pg", version="0.29.0", repository="https://cloudnative-pg.github.io/charts", ships="1.30.0"
    ),
    # Needs CloudNativePG 1.26 or later and cert-manager.
    # renovate: datasource=helm depName=plugin-barman-cloud registryUrl=https://cloudnative-pg.github.io/charts
    "plugin-barman-cloud": Chart(
        chart="plugin-barman-cloud",
        version="0.7.0",
        repository="https://cloudnative-pg.github.io/charts",
        ships="v0.13.0",
    ),
}

# The Knative Serving that the operator installs; it must be one that the operator's release carries.
KNATIVE_SERVING = "1.21.1"
# The net-istio that the operator's release carries beside it.
NET_ISTIO = "1.21.4"

# What istiod hands to the gateway and to sidecars; charts before 1.31 still default to a host that is being closed.
ISTIO_HUB = "docker.io/istio"

# Those that some server of components/serving/servers.py runs on.
PYTHONS = ("3.9", "3.10", "3.11", "3.12", "3.13")
IMAGES = {
    # The 1.34 node published with kind 0.30. KServe 0.20 is tested on Kubernetes 1.34 (verified here with 1.34.4), and
    # it is the last minor that still runs on hosts with cgroup v1.
    # renovate: datasource=docker depName=kindest/node
    "kind-node": "docker.io/kindest/node:v1.34.0@sha256:7416a61b42b1662ca6ca89f02028ac133a309a2a30ba309614e8ec94d976dc5a",
    # renovate: datasource=docker depName=registry
    "registry": "docker.io/library/registry:2",
    # 17 keeps the data under /var/lib/postgresql/data; 18 moves it, so raising this is a migration.
    # renovate: datasource=docker depName=postgres
    "postgres": "docker.io/library/postgres:17",
    # What CloudNativePG runs. `standard` has no Barman Cloud of its own: the plugin brings it in a sidecar.
    # renovate: datasource=docker depName=ghcr.io/cloudnative-pg/postgresql versioning=loose
    "postgres-cluster": "ghcr.io/cloudnative-pg/postgresql:17-standard-trixie",
    # The last community image. MinIO left Docker Hub in September 2026 and is no longer maintained: frozen here, and
    # replaceable by `slipway:objectStore: {engine: seaweedfs}`.
    "minio": "quay.io/minio/minio:RELEASE.2025-09-07T16-13-09Z",
    # renovate: datasource=docker depName=chrislusf/seaweedfs
    "seaweedfs": "docker.io/chrislusf/seaweedfs:4.44",
    # renovate: datasource=docker depName=busybox
    "volume-permissions": "docker.io/library/busybox:1.37",
    # `-full` has the PostgreSQL and S3 clients. 3.18.0 cannot be installed yet: its mlflow-skinny is missing.
    # renovate: datasource=docker depName=ghcr.io/mlflow/mlflow
    "mlflow": "ghcr.io/mlflow/mlflow:v3.17.2-full",
    # The bases of the models' images: a model runs on the Python that it was trained with.
    **{f"python-{minor}": f"docker.io/library/python:{minor}-slim" for minor in PYTHONS},
}
