"""The dashboards of a stack: its models, its platform, its data."""

from components import settings as s
from components.monitoring import series
from components.monitoring.alerts import RECORDED
from components.monitoring.panels import Dashboard, Panel, Query
from components.settings.parts import own_namespaces
from components.settings.scaling import MODEL_CONTAINER

_MODEL = "$model"


def of_stack(settings: s.Settings) -> list[Dashboard]:
    models = [_model(settings)] if settings.models else []
    return [*models, _platform(settings), _data(settings)]


def _model(settings: s.Settings) -> Dashboard:
    everywhere = series.namespaces(settings)
    requests = series.at_gateway(_MODEL, everywhere)
    canary = requests.replace(series.services(_MODEL), f"{_MODEL}-canary-predictor.*")
    pods = f'namespace=~"{everywhere}",pod=~"{_MODEL}(-canary)?-predictor.*",container="{MODEL_CONTAINER}"'
    hpa = f'{{namespace=~"{everywhere}",horizontalpodautoscaler=~"{_MODEL}(-canary)?-hpa"}}'
    deployment = f'{{namespace=~"{everywhere}",deployment=~"{_MODEL}(-canary)?-predictor.*"}}'
    by_service, name = "sum by (destination_service_name)", "{{destination_service_name}}"
    scaler, pod = "kube_horizontalpodautoscaler", "{{pod}}"
    return Dashboard(
        "slipway-model",
        "Model",
        (
            (
                Panel(
                    "Requests a second, by version",
                    [Query(f"{by_service} (rate({series.REQUESTS}{{{requests}}}[5m]))", name)],
                    "reqps",
                    "At the gateway; the canary's Service has -canary in its name.",
                ),
                Panel(
                    "Share of errors",
                    [
                        Query(series.error_ratio(requests, "5m"), "the server's (5xx)"),
                        Query(
                            series.error_ratio(requests, "5m", series.REFUSALS),
                            "the client's (4xx)",
                        ),
                    ],
                    "percentunit",
                ),
                Panel(
                    "Time of an answer",
                    [Query(series.quantile(share, requests), f"p{share * 100:g}") for share in (0.5, 0.95, 0.99)],
                    "ms",
                ),
            ),
            (
                Panel(
                    "Replicas",
                    [
                        Query(f"sum(kube_deployment_status_replicas_available{deployment})", "ready"),
                        Query(f"sum({scaler}_status_desired_replicas{hpa})", "the autoscaler's wish"),
                        Query(f"sum({scaler}_spec_min_replicas{hpa})", "least"),
                        Query(f"sum({scaler}_spec_max_replicas{hpa})", "most"),
                    ],
                ),
                Panel(
                    "Cpu of each pod",
                    [
                        Query(f"sum by (pod) (rate(container_cpu_usage_seconds_total{{{pods}}}[5m]))", pod),
                        Query(
                            f'max(kube_pod_container_resource_requests{{{pods},resource="cpu"}})', "request of a pod"
                        ),
                    ],
                ),
                Panel(
                    "Memory of each pod",
                    [
                        Query(f"sum by (pod) (container_memory_working_set_bytes{{{pods}}})", pod),
                        Query(f'max(kube_pod_container_resource_limits{{{pods},resource="memory"}})', "limit of a pod"),
                    ],
                    "bytes",
                ),
            ),
            (
                Panel(
                    "Canary's share",
                    [
                        Query(
                            f"{series.rate(series.REQUESTS, canary, '5m')} / "
                            f"{series.rate(series.REQUESTS, requests, '5m')}",
                            "canary",
                        )
                    ],
                    "percentunit",
                ),
                Panel(
                    "Predictions a second, by pod",
                    [
                        Query(
                            f"sum by (pod) (rate(model_infer_request_success_total{{{_of_pods(pods)}}}[5m]))",
                            "{{pod}}",
                        )
                    ],
                    "reqps",
                    "As the model's own server counts them; a pod of the canary has -canary in its name.",
                ),
                Panel(
                    "Bad requests, of the objective's budget",
                    [
                        Query(f'{RECORDED}{window}{{model="{_MODEL}"}}', f"{{{{objective}}}}, {window}")
                        for window in ("1h", "6h", "3d")
                    ],
                    "percentunit",
                    "Only of models with an `objective`.",
                ),
            ),
        ),
        {"model": [model.name for model in settings.models]},
    )


def _of_pods(matchers: str) -> str:
    """Those of the pods alone: what a pod says of itself names no container."""
    return ",".join(part for part in matchers.split(",") if not part.startswith("container="))


def _platform(settings: s.Settings) -> Dashboard:
    gateway, parts = 'reporter="source"', "|".join(sorted(own_namespaces(settings)))
    places, restarts = f'namespace=~"{parts}"', "kube_pod_container_status_restarts_total"
    return Dashboard(
        "slipway-platform",
        "Platform",
        (
            (
                Panel(
                    "Requests a second at the gateway, by status",
                    [Query(f"sum by (response_code) (rate({series.REQUESTS}{{{gateway}}}[5m]))", "{{response_code}}")],
                    "reqps",
                ),
                Panel(
                    "Time of an answer, all Services",
                    [Query(series.quantile(share, gateway), f"p{share * 100:g}") for share in (0.5, 0.95, 0.99)],
                    "ms",
                ),
                Panel(
                    "What istiod hands out",
                    [
                        Query("sum(rate(pilot_xds_pushes[5m]))", "pushes a second"),
                        # istiod has it from the first one on.
                        Query("sum(pilot_total_rejected_configs) or vector(0)", "refused configurations"),
                    ],
                ),
            ),
            (
                Panel(
                    "Ready pods of each part",
                    [
                        Query(
                            f"sum by (namespace, deployment) (kube_deployment_status_replicas_available{{{places}}})",
                            "{{namespace}}/{{deployment}}",
                        )
                    ],
                    says="cert-manager, Istio, Knative, KServe and what else the stack installed.",
                ),
                Panel(
                    "Restarts in an hour",
                    [
                        Query(
                            f"sum by (namespace, pod) (increase({restarts}{{{places}}}[1h])) > 0",
                            "{{namespace}}/{{pod}}",
                        )
                    ],
                ),
                Panel(
                    "Knative: pods of each revision",
                    [
                        Query("sum by (kn_revision_name) (kn_revision_pods_desired)", "{{kn_revision_name}} wanted"),
                        Query("sum by (kn_revision_name) (kn_revision_pods_count)", "{{kn_revision_name}} there"),
                    ],
                ),
            ),
            (
                Panel(
                    "Certificates: days left",
                    [
                        Query(
                            "(certmanager_certificate_expiration_timestamp_seconds - time()) / 86400",
                            "{{namespace}}/{{name}}",
                        )
                    ],
                    "d",
                ),
                Panel(
                    "Certificates that are not ready",
                    [
                        Query(
                            'certmanager_certificate_ready_status{condition!="True"} == 1',
                            "{{namespace}}/{{name}}: {{condition}}",
                        )
                    ],
                ),
                Panel(
                    "Memory of each part",
                    [
                        Query(
                            f"sum by (namespace) (container_memory_working_set_bytes{{{places},{series.CONTAINERS}}})",
                            "{{namespace}}",
                        )
                    ],
                    "bytes",
                ),
            ),
        ),
        {},
    )


def _data(settings: s.Settings) -> Dashboard:
    place = f'namespace="{settings.namespaces.data}"'
    services = f'destination_service_namespace="{settings.namespaces.data}",destination_service_name="mlflow"'
    mlflow = f'reporter="source",{services}'
    volume, containers = "{{persistentvolumeclaim}}", f"{place},{series.CONTAINERS}"
    return Dashboard(
        "slipway-data",
        "Data",
        (
            (
                Panel(
                    "MLflow: requests a second, by status",
                    [Query(f"sum by (response_code) (rate({series.REQUESTS}{{{mlflow}}}[5m]))", "{{response_code}}")],
                    "reqps",
                    "Those that come by the gateway.",
                ),
                Panel(
                    "MLflow: time of an answer",
                    [Query(series.quantile(share, mlflow), f"p{share * 100:g}") for share in (0.5, 0.95, 0.99)],
                    "ms",
                ),
                Panel(
                    "Trainings that failed",
                    [Query(f"sum by (job_name) (kube_job_status_failed{{{place}}}) > 0", "{{job_name}}")],
                ),
            ),
            (
                Panel(
                    "Volumes: share that is used",
                    [
                        Query(
                            f"1 - kubelet_volume_stats_available_bytes{{{place}}} / "
                            f"kubelet_volume_stats_capacity_bytes{{{place}}}",
                            volume,
                        )
                    ],
                    "percentunit",
                    "Of the database and the object store.",
                ),
                Panel(
                    "Cpu of MLflow, PostgreSQL and the store",
                    [Query(f"sum by (pod) (rate(container_cpu_usage_seconds_total{{{containers}}}[5m]))", "{{pod}}")],
                ),
                Panel(
                    "Memory of MLflow, PostgreSQL and the store",
                    [Query(f"sum by (pod) (container_memory_working_set_bytes{{{containers}}})", "{{pod}}")],
                    "bytes",
                ),
            ),
            (
                Panel(
                    "PostgreSQL: connections, and seconds of lag",
                    [
                        Query(f"sum by (pod) (cnpg_backends_total{{{place}}})", "{{pod}} connections"),
                        Query(f"max by (pod) (cnpg_pg_replication_lag{{{place}}})", "{{pod}} lag"),
                    ],
                    says="Of a database that CloudNativePG runs.",
                ),
                Panel(
                    "PostgreSQL: size of the databases",
                    [Query(f"max by (datname) (cnpg_pg_database_size_bytes{{{place}}})", "{{datname}}")],
                    "bytes",
                    "Of a database that CloudNativePG runs.",
                ),
                Panel(
                    "Age of the newest backup",
                    [
                        Query(
                            "time() - max("
                            f"barman_cloud_cloudnative_pg_io_last_available_backup_timestamp{{{place}}} > 0)",
                            "newest backup",
                        )
                    ],
                    "s",
                    "Of a database that CloudNativePG runs, with `backup`.",
                ),
            ),
        ),
        {},
    )
