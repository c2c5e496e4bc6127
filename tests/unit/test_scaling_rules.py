"""Scaling that cannot work is refused with the reason and the remedy, before anything is made."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.unit.scaled import CPU, EXTERNAL, MUTUAL_TLS, OBJECT, PODS, RATE, faults, knative, model

AT = "slipway:models[0].autoscaling"


def without(metric: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in metric.items() if name != key}


def test_the_examples_are_right() -> None:
    assert faults(model(CPU, PODS, OBJECT, EXTERNAL)) == []


@pytest.mark.parametrize(
    ("metric", "line"),
    [
        ({"type": "Podz"}, "metrics[0].type: 'Podz': did you mean Pods?"),
        (without(CPU, "type"), "metrics[0].type: missing: write one of Resource, ContainerResource, Pods"),
        ({**PODS, "nmae": 1}, "metrics[0].nmae: unknown key: did you mean name?"),
        (without(PODS, "target"), "metrics[0].target: missing: this key is required"),
        ({**PODS, "target": {"value": "1"}}, "metrics[0].target.averageValue: missing"),
        ({**PODS, "target": {"averageValue": "1x"}}, "metrics[0].target.averageValue: '1x': not a Kubernetes quantity"),
        ({**PODS, "target": {"averageValue": 0}}, "metrics[0].target.averageValue: 0: write more than zero"),
        ({**PODS, "name": "a/b"}, "metrics[0].name: 'a/b': write letters"),
        (
            {**OBJECT, "target": {"value": "1", "averageValue": "1"}},
            "metrics[0].target: write exactly one of value and",
        ),
        ({**OBJECT, "target": {}}, "metrics[0].target: write exactly one of value and averageValue"),
        ({**OBJECT, "of": {"kind": "Route", "name": "r"}}, "metrics[0].of.apiVersion: write the API version of Route"),
        ({**EXTERNAL, "selector": {"queue": 1}}, "metrics[0].selector.queue: 1: write it in quotes"),
        (without(PODS, "query"), "metrics[0].query: a metric without a source; write its PromQL, or platform.metricsA"),
        ({**without(PODS, "query"), "series": "a"}, "metrics[0].series: only with `query`"),
        ({**PODS, "query": "sum(x{<<.LabelMatchers>>})"}, "metrics[0].query: without <<.GroupBy>> the objects' values"),
        ({**PODS, "query": "sum(x) by (<<.GroupBy>>)"}, "metrics[0].query: without <<.LabelMatchers>> it would count"),
        ({**EXTERNAL, "query": "sum(x{<<.Labels>>})"}, "metrics[0].query: <<.Labels>> is nothing that prometheus-ad"),
        ({**EXTERNAL, "query": "sum(x{<<.LabelMatchers})"}, "metrics[0].query: a << without its >>"),
        ({**EXTERNAL, "query": "sum(x)"}, "metrics[0].query: no series in it with braces after its name"),
        ({**EXTERNAL, "query": "<<.Series>>{a='b'}"}, "metrics[0].query: <<.Series>> needs a name; write `series`"),
    ],
)
def test_a_wrong_metric_is_named_by_its_place(metric: dict[str, Any], line: str) -> None:
    found = faults(model(metric))
    assert any(fault.startswith(f"{AT}.{line}") for fault in found), found


@pytest.mark.parametrize(
    ("written", "line"),
    [
        (model(), f"{AT}: write exactly one of `metrics` and `targetCPUUtilizationPercentage`"),
        (model(CPU, targetCPUUtilizationPercentage=50), f"{AT}: write exactly one of `metrics` and"),
        (model(CPU, min=0), f"{AT}.min: 0: an HPA does not go to zero; write at least 1, or mode: Knative with class"),
        (model(CPU, min=4), f"{AT}.min: 4: more than max 3"),
        (model(CPU, maxx=4), f"{AT}.maxx: unknown key: did you mean max?"),
        ({**model(CPU), "replicas": 2}, "slipway:models[0].replicas: 2: the autoscaler owns the count"),
        ({**model(CPU), "mode": "Knative"}, f"{AT}: Knative scales its own revisions and an HPA would fight it; write"),
        ({**knative(**{"class": "kpa"}), "mode": "Standard"}, f"{AT}.class: 'kpa': `class` is for mode: Kn"),
        (
            {**knative(**{"class": "kpa"}), "replicas": 2},
            "slipway:models[0].replicas: 2: the autoscaler owns the count",
        ),
        (knative(**{"class": "keda"}), f"{AT}.class: 'keda': write one of kpa, hpa"),
        (
            knative(**{"class": "kpa", "metric": "cpu"}),
            f"{AT}.metric: 'cpu': class kpa follows concurrency or rps; wri",
        ),
        (knative(**{"class": "hpa", "metric": "rps"}), f"{AT}.metric: 'rps': class hpa follows cpu or memory; write c"),
        (knative(**{"class": "hpa", "min": 0}), f"{AT}.min: 0: class hpa does not go to zero; write at least 1, or cl"),
        (
            knative(**{"class": "hpa", "metrics": [CPU, CPU]}),
            f"{AT}: a mapping: a class of Knative's follows one metric",
        ),
        (
            knative(**{"class": "hpa", "metric": ["cpu", "memory"]}),
            f"{AT}: a mapping: a class of Knative's follows one metric",
        ),
    ],
)
def test_a_contradiction_is_told_with_its_remedy(written: dict[str, Any], line: str) -> None:
    found = faults(written)
    assert any(fault.startswith(line) for fault in found), found


def test_a_class_of_knatives_takes_one_metric() -> None:
    [found] = faults(knative(**{"class": "hpa", "metrics": [CPU, CPU]}))
    assert "a class of Knative's follows one metric; write `metric` and `target`, or, for several" in found


@pytest.mark.parametrize("scaling", [model(CPU), model(targetCPUUtilizationPercentage=60)])
def test_a_percentage_needs_a_request(scaling: dict[str, Any]) -> None:
    [found] = faults({**scaling, "resources": {"requests": {"memory": "1Gi"}}})
    assert found.endswith(": 60: a percentage is of the request; write resources.requests.cpu")


def test_knatives_class_on_cpu_needs_a_request_too() -> None:
    [found] = faults({**knative(**{"class": "hpa"}), "resources": {}})
    assert found == f"{AT}.metric: 'cpu': a percentage is of the request; write resources.requests.cpu"


def test_another_containers_request_is_not_ours_to_know() -> None:
    sidecar = {**CPU, "type": "ContainerResource", "container": "istio-proxy"}
    assert faults({**model(sidecar), "resources": {}}, **MUTUAL_TLS) == []
    assert len(faults({**model({**CPU, "type": "ContainerResource"}), "resources": {}})) == 1


@pytest.mark.parametrize(
    ("platform", "line"),
    [
        (
            {"metricsAdapter": "off"},
            f"{AT}.metrics[0].query: a metric without a source: platform.metricsAdapter is off",
        ),
        (
            {"metricsAdapter": "existing"},
            f"{AT}.metrics[0].query: platform.metricsAdapter is existing, and Slipway does",
        ),
        ({"prometheus": "off"}, f"{AT}.metrics[0].query: a metric without a source: platform.prometheus is off"),
        ({"prometheus": "existing"}, "slipway:platform.prometheusUrl: write where the existing Prometheus answers"),
    ],
)
def test_a_query_needs_those_who_answer_it(platform: dict[str, Any], line: str) -> None:
    [found] = faults(model(PODS), platform=platform)
    assert found.startswith(line)


def test_a_missing_address_is_told_once() -> None:
    assert len(faults(model(PODS, OBJECT, EXTERNAL), platform={"prometheus": "existing"})) == 1


def test_a_metric_that_the_cluster_has_needs_no_query() -> None:
    assert faults(model(without(PODS, "query")), platform={"metricsAdapter": "existing"}) == []


@pytest.mark.parametrize("written", [model(CPU), knative(**{"class": "hpa"})])
def test_cpu_needs_metrics_server(written: dict[str, Any]) -> None:
    [found] = faults(written, platform={"metricsServer": "off"})
    assert found.startswith(f"{AT}: cpu and memory come from metrics-server")
    assert faults(model(PODS), knative(**{"class": "kpa"}) | {"name": "b"}, platform={"metricsServer": "off"}) == []


@pytest.mark.parametrize("version", [None, "1.34"])
def test_a_tolerance_is_refused_where_the_cluster_would_drop_it(version: str | None) -> None:
    kind = {"name": "test", "nodeImage": "registry.test/node:own"}
    cluster = {"kind": kind, **({"kubernetes": version} if version else {})}
    written = model(CPU, behavior={"scaleDown": {"tolerance": 0.2}})
    [found] = faults(written, cluster=cluster)
    assert found.startswith(f"{AT}.behavior.scaleDown.tolerance: '0.2': an API server older than 1.35 drops this field")
    assert faults(written, cluster={**cluster, "kubernetes": "1.35"}) == []


def test_a_version_is_text() -> None:
    [found] = faults(cluster={"kind": {"name": "test"}, "kubernetes": 1.4})
    assert found == "slipway:cluster.kubernetes: 1.4: write it in quotes"


def test_two_models_share_a_metric_or_give_it_two_names() -> None:
    assert faults(model(PODS), model({**PODS, "target": {"averageValue": 5}}, name="other")) == []
    other = {**PODS, "query": RATE.replace("[1m]", "[5m]")}
    [found] = faults(model(PODS), model(other, name="other"))
    assert found.startswith(
        "slipway:models[1].autoscaling.metrics[0].name: 'packets-per-second': this name has another"
    )
    assert faults(model(PODS), model({**OBJECT, "name": PODS["name"]}, name="other")) == []


def test_the_examples_of_the_documentation_are_right() -> None:
    text = Path("docs/autoscaling.md").read_text()
    metrics = [yaml.safe_load(found) for found in re.findall(r"`(\{type: .*?\})`", text)]
    assert {metric["type"] for metric in metrics} == {"Resource", "ContainerResource", "Pods", "Object", "External"}
    [rate] = re.findall(r"^query: (.*)$", text, re.MULTILINE)
    assert faults(model(*({**metric, "query": rate} if "query" in metric else metric for metric in metrics))) == []
    [of_knative] = re.findall(r"autoscaling: (\{class: .*\})", text)
    assert faults({**knative(), "autoscaling": yaml.safe_load(of_knative)}) == []
    [behavior] = re.findall(r"^      behavior:\n(?:        .*\n)+", text, re.MULTILINE)
    cluster = {"kind": {"name": "test", "nodeImage": "kindest/node:v1.35.0"}, "kubernetes": "1.35"}
    assert faults(model(CPU, **yaml.safe_load(behavior)), cluster=cluster) == []
