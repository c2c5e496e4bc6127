"""What Prometheus records and alerts on: the models' objectives as burn rates, and what a person must look at."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from components import settings as s
from components.monitoring import series
from components.settings.parts import own_namespaces

Rule = Mapping[str, Any]

RECORDED = "slipway:model_bad_requests:ratio_rate"
# Of the site's page, and its file.
_PAGE, _FILE = "alerts.html", "docs/alerts.md"


@dataclass(frozen=True)
class BurnRate:
    """An alert when the budget of 30 days goes `factor` times too fast, over the long window and over the short one.

    The short window ends the alert soon after the fault has ended (https://sre.google/workbook/alerting-on-slos/).
    """

    long: str
    short: str
    factor: float
    severity: str


# 2 % of the budget in an hour, 5 % in six hours, 10 % in a day, 10 % in three days.
BURN_RATES = (
    BurnRate("1h", "5m", 14.4, "page"),
    BurnRate("6h", "30m", 6, "page"),
    BurnRate("1d", "2h", 3, "ticket"),
    BurnRate("3d", "6h", 1, "ticket"),
)
WINDOWS = ("5m", "30m", "1h", "2h", "6h", "1d", "3d")


def recording(settings: s.Settings) -> list[dict[str, Any]]:
    """Groups of recording rules: for each model with an objective, the share of bad requests over each window."""
    rules = [rule for model in settings.models if model.objective for rule in _recorded(settings, model)]
    return [{"name": "slipway-objectives", "rules": rules}] if rules else []


def _recorded(settings: s.Settings, model: s.Model) -> Iterator[Rule]:
    assert model.objective
    matchers = series.at_gateway(model.name, settings.namespace_of(model))
    for window in WINDOWS:
        for objective, query in (
            ("availability", series.error_ratio(matchers, window)),
            ("latency", series.slow_ratio(matchers, model.objective.latency_milliseconds, window)),
        ):
            yield {
                "record": f"{RECORDED}{window}",
                "expr": query,
                "labels": {"model": model.name, "objective": objective},
            }


def alerting(settings: s.Settings) -> list[dict[str, Any]]:
    """Groups of alerts."""
    link = _Runbooks(settings.platform.runbooks)
    models = [*_burning(settings, link), *_models(settings, link)]
    groups = {"slipway-models": models, "slipway-platform": [*_platform(settings, link)]}
    return [{"name": name, "rules": rules} for name, rules in groups.items() if rules]


@dataclass(frozen=True)
class _Runbooks:
    site: str | None

    def __call__(self, anchor: str) -> str:
        place = f"{str(self.site).rstrip('/')}/{_PAGE}" if self.site else _FILE
        return f"{place}#{anchor}"

    def alert(self, name: str, query: str, *, wait: str, severity: str, summary: str) -> Rule:
        return {
            "alert": name,
            "expr": query,
            "for": wait,
            "labels": {"severity": severity},
            "annotations": {"summary": summary, "runbook_url": self(name.lower())},
        }


def _burning(settings: s.Settings, link: _Runbooks) -> Iterator[Rule]:
    for model in settings.models:
        if not model.objective:
            continue
        budget = round(1 - model.objective.availability / 100, 6)
        for rate in BURN_RATES:
            over = [
                f'{RECORDED}{window}{{model="{model.name}"}} > {rate.factor} * {budget}'
                for window in (rate.long, rate.short)
            ]
            rule = link.alert(
                "ModelObjectiveBurns",
                " and ".join(over),
                wait="2m",
                severity=rate.severity,
                summary=f"{model.name} spends its 30 days' budget of {{{{ $labels.objective }}}} {rate.factor:g} times "
                f"too fast ({rate.long})",
            )
            yield {**rule, "labels": {**rule["labels"], "window": rate.long}}


def _models(settings: s.Settings, link: _Runbooks) -> Iterator[Rule]:
    if not settings.models:
        return
    everywhere = series.namespaces(settings)
    for model in settings.models:
        if model.objective:
            continue
        matchers = series.at_gateway(model.name, settings.namespace_of(model))
        yield link.alert(
            "ModelErrors",
            f"{series.error_ratio(matchers, '5m')} > 0.05",
            wait="10m",
            severity="page",
            summary=f"more than 5 % of the requests to {model.name} fail",
        )
        yield link.alert(
            "ModelSlow",
            f"{series.quantile(0.99, matchers)} > 5000",
            wait="10m",
            severity="ticket",
            summary=f"the slowest 1 % of the requests to {model.name} take more than 5 s",
        )
    hpa, labels = "kube_horizontalpodautoscaler", "namespace, horizontalpodautoscaler"
    yield link.alert(
        "AutoscalerAtMaximum",
        f'{hpa}_status_desired_replicas{{namespace=~"{everywhere}"}} >= on ({labels}) {hpa}_spec_max_replicas '
        f"and on ({labels}) {hpa}_spec_max_replicas > on ({labels}) {hpa}_spec_min_replicas",
        wait="15m",
        severity="ticket",
        summary="{{ $labels.horizontalpodautoscaler }} has asked for its maximum for 15 minutes",
    )
    deployment, wanted = f'{{namespace=~"{everywhere}",deployment=~".+-predictor.*"}}', "kube_deployment"
    yield link.alert(
        "ModelWithoutReadyPod",
        f"{wanted}_status_replicas_available{deployment} == 0 and {wanted}_spec_replicas{deployment} > 0",
        wait="5m",
        severity="page",
        summary="{{ $labels.deployment }} has no ready pod",
    )


def _platform(settings: s.Settings, link: _Runbooks) -> Iterator[Rule]:
    if settings.ingress.tls:
        yield link.alert(
            "CertificateNearItsEnd",
            "(certmanager_certificate_expiration_timestamp_seconds - time()) / 86400 < 14",
            wait="1h",
            severity="ticket",
            summary="the certificate {{ $labels.name }} ends in less than 14 days, and was not renewed",
        )
    used = "|".join(sorted({settings.namespaces.data, *own_namespaces(settings)}))
    disk = f'{{namespace=~"{used}"}}'
    yield link.alert(
        "DiskNearlyFull",
        f"kubelet_volume_stats_available_bytes{disk} / kubelet_volume_stats_capacity_bytes{disk} < 0.1",
        wait="15m",
        severity="page",
        summary="less than 10 % of the volume {{ $labels.persistentvolumeclaim }} is free",
    )
    cluster = settings.database.cloud_native_pg
    if cluster and cluster.backup:
        newest = "barman_cloud_cloudnative_pg_io_last_available_backup_timestamp"
        yield link.alert(
            "BackupTooOld",
            f'time() - max({newest}{{namespace="{settings.namespaces.data}"}}) > 2 * 86400',
            wait="30m",
            severity="page",
            summary="the newest backup of the database is older than two days",
        )
