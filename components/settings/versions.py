"""Every pin, with the reason it stands where it does.

Kubernetes, Istio, Knative and KServe are one set: raise one and you run them all together. KServe 0.20 is tested with
older ones (cert-manager 1.17, Istio 1.27, Knative 1.21), none of which gets fixes any more; the comment above each says
what it waits for. Until when each line is supported stands in `support.py`, where each was seen in `sightings.py`.
`renovate.json` reads charts as they are written here, and images by the comment above each.
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
    # KServe 0.20 is tested with 1.17; the API it uses (cert-manager.io/v1) is the same up to 1.21. Below 1.19.6 whoever
    # may `edit` a namespace may use every ClusterIssuer (GHSA-8rvj-mm4h-c258).
    "cert-manager": Chart(chart="cert-manager", version="v1.21.2", repository="https://charts.jetstack.io"),
    # The newest that a mesh of 1.28 reaches in one step, and that Knative's net-istio (built against 1.29) was run with;
    # 1.30.4 has the fixes of 13 CVEs of Envoy. The old chart host (storage.googleapis.com) is switched off in December
    # 2026; this one holds the older versions too.
    "istio-base": Chart(chart="base", version="1.30.4", repository="https://blob.istio.io/istio-release/charts"),
    "istiod": Chart(chart="istiod", version="1.30.4", repository="https://blob.istio.io/istio-release/charts"),
    "istio-gateway": Chart(chart="gateway", version="1.30.4", repository="https://blob.istio.io/istio-release/charts"),
    "istio-cni": Chart(chart="cni", version="1.30.4", repository="https://blob.istio.io/istio-release/charts"),
    # KServe 0.20 is tested with 1.21, whose support ended with 1.23. The index says `v1.23.0`, the chart itself `1.23.0`.
    # 1.23.1 is there since September 2026; what it carries (CARRIED, below) was read of 1.23.0 alone.
    "knative-operator": Chart(
        chart="knative-operator", version="v1.23.0", repository="https://knative.github.io/operator"
    ),
    # 0.17 split and renamed the charts: an upgrade from before it is a migration, not a `helm upgrade`. 0.21.0 was
    # released in September 2026, but of its charts only a release candidate was seen.
    "kserve-crd": Chart(chart="oci://ghcr.io/kserve/charts/kserve-crd", version="v0.20.0"),
    "kserve-resources": Chart(chart="oci://ghcr.io/kserve/charts/kserve-resources", version="v0.20.0"),
    "kserve-runtime-configs": Chart(chart="oci://ghcr.io/kserve/charts/kserve-runtime-configs", version="v0.20.0"),
    # For Kubernetes 1.34 and later.
    "metrics-server": Chart(
        chart="metrics-server",
        version="3.14.0",
        repository="https://kubernetes-sigs.github.io/metrics-server/",
        ships="v0.9.0",
    ),
    # Its server alone is installed, with kube-state-metrics where there are dashboards. 29.35.0 was seen installed, but its values
    # were not read.
    "prometheus": Chart(
        chart="prometheus",
        version="29.27.0",
        repository="https://prometheus-community.github.io/helm-charts",
        ships="v3.14.0",
    ),
    # The charts of Grafana moved here from grafana/helm-charts in January 2026. The newest whose values were read.
    "grafana": Chart(
        chart="grafana",
        version="12.11.1",
        repository="https://grafana-community.github.io/helm-charts",
        ships="13.2.0",
    ),
    # Serves custom.metrics.k8s.io/v1beta1 and v1beta2.
    "prometheus-adapter": Chart(
        chart="prometheus-adapter",
        version="5.3.0",
        repository="https://prometheus-community.github.io/helm-charts",
        ships="v0.12.0",
    ),
    # 2.21.1 is there since November 2026; of 2.20.2 the chart's values, the kinds and the code were read.
    "keda": Chart(chart="keda", version="2.20.2", repository="https://kedacore.github.io/charts"),
    # For Kubernetes 1.34 to 1.36. Its own backups to S3 leave with 1.31, so the plugin
    # makes them.
    "cloudnative-pg": Chart(
        chart="cloudnative-pg", version="0.29.1", repository="https://cloudnative-pg.github.io/charts", ships="1.30.1"
    ),
    # Needs CloudNativePG 1.26 or later and cert-manager. No chart of the plugin's 0.15 was seen.
    "plugin-barman-cloud": Chart(
        chart="plugin-barman-cloud",
        version="0.7.0",
        repository="https://cloudnative-pg.github.io/charts",
        ships="v0.13.0",
    ),
}


@dataclass(frozen=True, kw_only=True)
class Carried:
    """The newest patch of a minor version of Knative Serving that the operator has, and the net-istio beside it."""

    serving: str
    net_istio: str


# What the operator carries: its cmd/operator/kodata/{knative-serving,ingress}. It takes the newest patch of a minor
# version that is asked for without one.
CARRIED = {
    "1.20": Carried(serving="1.20.3", net_istio="1.20.4"),
    "1.21": Carried(serving="1.21.3", net_istio="1.21.4"),
    "1.22": Carried(serving="1.22.1", net_istio="1.22.1"),
    "1.23": Carried(serving="1.23.0", net_istio="1.23.0"),
}
# The Knative Serving that the operator installs. From 1.21 the way is by 1.22 (docs/upgrades.md).
KNATIVE_SERVING = "1.23.0"

# What istiod hands to the gateway and to sidecars; charts before 1.31 still default to a host that is being closed.
ISTIO_HUB = "docker.io/istio"

# Those that some server of components/serving/servers.py runs on.
PYTHONS = ("3.9", "3.10", "3.11", "3.12", "3.13")
IMAGES = {
    # The last 1.34 node, published with kind 0.33. KServe 0.20 is tested on Kubernetes 1.34 (verified here with 1.34.4),
    # and it is the last minor that runs on hosts with cgroup v1, so it stays past its end; the images of 1.35 and later
    # are one line in a stack file: `slipway:images.kind-node`.
    # renovate: datasource=docker depName=kindest/node
    "kind-node": "docker.io/kindest/node:v1.34.11@sha256:44e222ee2132dab25ff87301682f89eb82c7880ea3a1bf543bfe9708fd08d67d",
    # renovate: datasource=docker depName=registry
    "registry": "docker.io/library/registry:2",
    # 17 keeps the data under /var/lib/postgresql/data; 18 moves it, so raising this is a migration.
    # renovate: datasource=docker depName=postgres
    "postgres": "docker.io/library/postgres:17",
    # What CloudNativePG runs. `standard` has no Barman Cloud of its own: the plugin brings it in a sidecar.
    # renovate: datasource=docker depName=ghcr.io/cloudnative-pg/postgresql versioning=loose
    "postgres-cluster": "ghcr.io/cloudnative-pg/postgresql:17-standard-trixie",
    # The maintained fork: MinIO's own image left Docker Hub and quay.io in September 2026, and lacks the fix of
    # CVE-2025-62506. `slipway:objectStore.engine` has others.
    # renovate: datasource=docker depName=pgsty/minio versioning=regex:^RELEASE\.(?<major>\d+)-(?<minor>\d+)-(?<patch>\d+)T
    "minio": "docker.io/pgsty/minio:RELEASE.2026-08-04T00-00-00Z@sha256:b6bfe7239bfc83fb90d31612d9704d86039dd714f7904b3f1ad68f211e602372",
    # renovate: datasource=docker depName=ghcr.io/versity/versitygw
    "versitygw": "ghcr.io/versity/versitygw:v1.8.0",
    # renovate: datasource=docker depName=busybox
    "volume-permissions": "docker.io/library/busybox:1.37",
    # `-full` has the PostgreSQL and S3 clients. 3.18.0 cannot be installed yet: its mlflow-skinny is missing.
    # renovate: datasource=docker depName=ghcr.io/mlflow/mlflow
    "mlflow": "ghcr.io/mlflow/mlflow:v3.17.2-full",
    # The bases of the models' images: a model runs on the Python that it was trained with.
    **{f"python-{minor}": f"docker.io/library/python:{minor}-slim" for minor in PYTHONS},
}
