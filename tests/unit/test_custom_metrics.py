"""From a metric's query to what is installed for it."""

from typing import Any

import pytest

from components.settings.adapter_rules import rules
from tests.unit.scaled import CPU, EXTERNAL, OBJECT, PODS, RATE, knative, model, run, settings

PIPELINE = {"metrics-server", "prometheus", "prometheus-adapter"}


def releases(*models: dict[str, Any], **sections: Any) -> set[str]:
    return {release.name for release in run(*models, **sections).of("Release")} & PIPELINE


def only(api: Any, metric: dict[str, Any]) -> dict[str, Any]:
    found = rules(settings(model(metric)).models)
    [rule] = found[api]
    assert sum(map(len, found.values())) == 1
    return rule


def test_a_pods_metric_is_told_apart_by_namespace_and_pod() -> None:
    assert only("custom", PODS) == {
        "seriesQuery": 'rest_server_requests_total{namespace!="",pod!=""}',
        "resources": {"overrides": {"namespace": {"resource": "namespace"}, "pod": {"resource": "pod"}}},
        "name": {"as": "packets-per-second"},
        "metricsQuery": RATE,
    }


def test_an_object_metric_is_told_apart_by_the_objects_kind() -> None:
    rule = only("custom", OBJECT)
    assert rule["seriesQuery"] == 'ingress_requests_total{namespace!="",ingress!=""}'
    assert rule["resources"]["overrides"]["ingress"] == {"resource": "ingress", "group": "networking.k8s.io"}


def test_other_labels_can_tell_the_objects_apart() -> None:
    rule = only("custom", {**OBJECT, "labels": {"namespace": "exported_namespace", "object": "route"}})
    assert rule["seriesQuery"] == 'ingress_requests_total{exported_namespace!="",route!=""}'
    assert set(rule["resources"]["overrides"]) == {"exported_namespace", "route"}


def test_an_object_of_the_core_group_has_none() -> None:
    rule = only("custom", {**OBJECT, "of": {"kind": "Service", "name": "wine-predictor"}})
    assert rule["resources"]["overrides"]["service"] == {"resource": "service"}


def test_an_external_metric_is_of_no_namespace_unless_its_label_is_named() -> None:
    rule = only("external", EXTERNAL)
    assert (rule["seriesQuery"], rule["resources"]) == ("rabbitmq_queue_messages_ready", {"namespaced": False})
    rule = only("external", {**EXTERNAL, "labels": {"namespace": "namespace"}})
    assert rule["seriesQuery"] == 'rabbitmq_queue_messages_ready{namespace!=""}'
    assert rule["resources"] == {"overrides": {"namespace": {"resource": "namespace"}}}


@pytest.mark.parametrize(
    ("query", "series", "found"),
    [
        ('a_total{verb="GET",<<.LabelMatchers>>} / ignoring(x) b{y="z"}', None, "a_total"),
        ('a{x="y"} * on(pod) group_left b_total{<<.LabelMatchers>>}', None, "b_total"),
        ('max(queue{name="tasks"})', None, "queue"),
        ("scalar(up)", "up", "up"),
    ],
)
def test_the_series_is_the_one_that_is_matched_or_the_given_one(query: str, series: str | None, found: str) -> None:
    written = {**EXTERNAL, "query": query, **({"series": series} if series else {})}
    assert only("external", written)["seriesQuery"] == found


def test_models_that_share_a_metric_share_its_rule() -> None:
    assert len(rules(settings(model(PODS), model(PODS, name="other")).models)["custom"]) == 1


@pytest.mark.parametrize(
    ("models", "installed"),
    [
        ([], set()),
        ([{"name": "wine", "source": "models:/wine-quality-model/1", "replicas": 2}], set()),
        ([knative(**{"class": "kpa"})], set()),
        ([knative(**{"class": "hpa"})], {"metrics-server"}),
        ([model(CPU)], {"metrics-server"}),
        ([model(targetCPUUtilizationPercentage=60)], {"metrics-server"}),
        ([model(PODS)], {"prometheus", "prometheus-adapter"}),
        ([model(EXTERNAL)], {"prometheus", "prometheus-adapter"}),
        ([model(CPU, OBJECT)], PIPELINE),
    ],
)
def test_only_what_a_metric_needs_is_installed(models: list[dict[str, Any]], installed: set[str]) -> None:
    assert releases(*models) == installed


def test_what_the_cluster_has_is_not_installed() -> None:
    prometheus = {"prometheus": "existing", "prometheusUrl": "http://prometheus.example:9090"}
    assert releases(model(CPU, PODS), platform={**prometheus, "metricsServer": "existing"}, charts={}) == {
        "prometheus-adapter"
    }
    known = {name: value for name, value in PODS.items() if name != "query"}
    assert releases(model(known), platform={"metricsAdapter": "existing"}) == set()


def test_the_adapter_asks_the_prometheus_that_is_there() -> None:
    own = run(model(PODS)).one("Release", "prometheus-adapter").inputs["values"]
    assert own["prometheus"] == {"url": "http://prometheus-server.monitoring.svc", "port": 80}
    platform = {"prometheus": "existing", "prometheusUrl": "http://prometheus.example:9090"}
    other = run(model(PODS), platform=platform).one("Release", "prometheus-adapter").inputs["values"]
    assert other["prometheus"] == {"url": "http://prometheus.example:9090", "port": 0}


def test_the_adapter_has_the_models_rules_and_no_others() -> None:
    values = run(model(PODS, OBJECT, EXTERNAL)).one("Release", "prometheus-adapter").inputs["values"]
    assert values["rules"]["default"] is False
    assert [rule["name"]["as"] for rule in values["rules"]["custom"]] == ["packets-per-second", "requests-per-second"]
    assert [rule["name"]["as"] for rule in values["rules"]["external"]] == ["queue_messages_ready"]


def test_a_metric_is_listed_less_often_than_it_is_scraped() -> None:
    done = run(model(PODS))
    scrape = done.one("Release", "prometheus").inputs["values"]["server"]["global"]["scrape_interval"]
    listing = done.one("Release", "prometheus-adapter").inputs["values"]["metricsRelistInterval"]
    assert int(listing.removesuffix("s")) >= int(scrape.removesuffix("s"))


def test_prometheus_comes_without_the_parts_that_no_query_needs() -> None:
    values = run(model(PODS)).one("Release", "prometheus").inputs["values"]
    off = {key for key, value in values.items() if isinstance(value, dict) and value.get("enabled") is False}
    assert off == {"alertmanager", "kube-state-metrics", "prometheus-node-exporter", "prometheus-pushgateway"}
    assert "kubernetes-pods" not in values["scrapeConfigs"]


def test_prometheus_does_not_hold_up_the_removal_of_its_namespace() -> None:
    server = run(model(PODS)).one("Release", "prometheus").inputs["values"]["server"]
    assert server["terminationGracePeriodSeconds"] <= 30


def test_the_pipelines_images_come_from_the_mirror_too() -> None:
    done = run(model(PODS), imageMirror="mirror.test/all")
    prometheus = done.one("Release", "prometheus").inputs["values"]["server"]["image"]["repository"]
    adapter = done.one("Release", "prometheus-adapter").inputs["values"]["image"]["repository"]
    assert prometheus == "mirror.test/all/quay.io/prometheus/prometheus"
    assert adapter == "mirror.test/all/registry.k8s.io/prometheus-adapter/prometheus-adapter"
