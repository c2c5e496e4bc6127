"""Dashboards, alerts and objectives: what they ask is there, Prometheus can read it, and it fires when it should."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml

from components.monitoring import alerts, dashboards
from components.settings import Settings
from tests import exported
from tests.unit import scaled
from tests.unit.engine import Run
from tests.unit.scaled import CPU, faults, model

DASHBOARDS = {"dashboards": "install"}
OBJECTIVE = {"availability": 99.5, "latencyMilliseconds": 250}
TLS = {
    "ingress": {"domain": "slipway.localhost", "tls": {"issuer": {"selfSigned": {}}}},
    "tracking": {"hosts": ["mlflow.slipway.localhost"]},
}
BACKUP = {"database": {"cloudNativePg": {"backup": {"destination": "s3://backups/mlflow"}}}}
promtool = pytest.mark.skipif(not shutil.which("promtool"), reason="promtool is not on PATH (Debian: prometheus)")


def watched(name: str = "wine") -> dict[str, Any]:
    return {**model(CPU, name=name), "objective": OBJECTIVE}


def settings(**changes: Any) -> Settings:
    """Every alert and every panel that there is: a model with an objective, one without, a canary, TLS and backups."""
    canary = {"source": "models:/wine-quality-model/2", "percent": 10}
    models = [{**watched(), "canary": canary}, model(CPU, name="tea")]
    return scaled.settings(*models, **{"platform": DASHBOARDS, **TLS, **BACKUP, **changes})


def rules(of: Settings) -> list[dict[str, Any]]:
    return [rule for group in (*alerts.recording(of), *alerts.alerting(of)) for rule in group["rules"]]


def queries() -> Iterator[str]:
    of = settings()
    yield from (rule["expr"] for rule in rules(of))
    for board in dashboards.of_stack(of):
        yield from board.queries


def series(query: str) -> set[str]:
    """The series that a query selects from."""
    bare = re.sub(r'"[^"]*"', "", query)
    bare = re.sub(r"\{[^{}]*\}|\[[^\[\]]*\]", "", bare)
    bare = re.sub(r"\b(by|on)\s*\([^()]*\)", "", bare)
    words = set(re.findall(r"\b[a-zA-Z_:][a-zA-Z0-9_:]*\b(?!\s*\()", bare))
    return words - {"and", "or", "unless"}


def test_every_query_can_be_read() -> None:
    asked = list(queries())
    assert len(asked) > 60
    for query in asked:
        promql_parser.parse(query)


def test_no_query_asks_for_a_series_that_nobody_has() -> None:
    recorded = {rule["record"] for rule in rules(settings()) if "record" in rule}
    asked = {name for query in queries() for name in series(query)}
    assert asked - recorded == exported.every()


def test_what_a_query_asks_for_is_read_from_it() -> None:
    query = 'sum by (a, b) (rate(x_total{c=~"y|z"}[5m])) / on (d) max(w) and time() - v > 3'
    assert series(query) == {"x_total", "w", "v"}


def test_every_dashboard_is_whole() -> None:
    for board in dashboards.of_stack(settings()):
        content = json.loads(json.dumps(board.json()))
        places = [tuple(panel["gridPos"].values()) for panel in content["panels"]]
        assert len(set(places)) == len(places) == len({panel["id"] for panel in content["panels"]})
        assert all(target["expr"] for panel in content["panels"] for target in panel["targets"])
        assert {name for query in board.queries for name in re.findall(r"\$(\w+)", query)} == set(board.variables)


def test_every_alert_leads_to_a_heading_of_its_own_in_the_documents() -> None:
    page = Path("docs/alerts.md").read_text()
    headings = re.findall(r"^### (\w+)$", page, re.MULTILINE)
    named = {rule["alert"]: rule["annotations"]["runbook_url"] for rule in rules(settings()) if "alert" in rule}
    assert sorted(named) == sorted(headings)
    assert named["ModelErrors"] == "docs/alerts.md#modelerrors"
    site = settings(platform={**DASHBOARDS, "runbooks": "https://docs.example.com/slipway/"})
    links = {rule["annotations"]["runbook_url"] for rule in rules(site) if "alert" in rule}
    assert "https://docs.example.com/slipway/alerts.html#modelerrors" in links


def test_an_objective_takes_the_place_of_the_fixed_bounds() -> None:
    found = [rule for rule in rules(settings()) if "alert" in rule]
    assert {rule["labels"]["window"] for rule in found if rule["alert"] == "ModelObjectiveBurns"} == {
        "1h",
        "6h",
        "1d",
        "3d",
    }
    [errors] = [rule for rule in found if rule["alert"] == "ModelErrors"]
    assert "tea" in errors["expr"]


def test_no_container_is_counted_together_with_its_pod() -> None:
    found = [query for board in dashboards.of_stack(settings()) for query in board.queries if "container_" in query]
    selectors = [each for query in found for each in re.findall(r"\bcontainer_\w+\{([^}]*)\}", query)]
    assert len(selectors) >= 5
    assert all(re.search(r'\bcontainer(=|!="")', each) for each in selectors), selectors


def release(run: Run, name: str) -> Any:
    return run.one("Release", name).inputs["values"]


@pytest.fixture(scope="module")
def run() -> Run:
    return scaled.run(watched(), platform=DASHBOARDS)


def test_grafana_comes_with_the_dashboards_a_login_and_a_route(run: Run) -> None:
    boards = run.one("ConfigMap", "grafana-dashboards").inputs["data"]
    assert set(boards) == {"slipway-model.json", "slipway-platform.json", "slipway-data.json"}
    values = release(run, "grafana")
    assert values["admin"]["existingSecret"] == "grafana-admin-0"
    assert values["dashboardsConfigMaps"] == {"slipway": "grafana-dashboards"}
    assert values["grafana.ini"]["server"]["root_url"] == "http://grafana.slipway.localhost:8080"
    route = run.one("VirtualService", "grafana-route").inputs["spec"]
    assert route["hosts"] == ["grafana.slipway.localhost"]
    servers = run.one("Gateway", "gateway").inputs["spec"]["servers"]
    assert "monitoring/grafana.slipway.localhost" in servers[0]["hosts"]
    assert "s3cret" not in json.dumps(values)


def test_without_dashboards_prometheus_stays_as_small_as_it_was() -> None:
    values = release(scaled.run(model(scaled.PODS)), "prometheus")
    assert values["kube-state-metrics"] == {"enabled": False}
    assert "serverFiles" not in values
    assert values["server"]["persistentVolume"] == {"enabled": False}


def test_a_model_is_read_by_its_pods_and_not_by_its_service_too() -> None:
    for values in (
        release(scaled.run(model(scaled.PODS)), "prometheus"),
        release(scaled.run(watched(), platform=DASHBOARDS), "prometheus"),
    ):
        [dropped] = values["scrapeConfigs"]["kubernetes-service-endpoints"]["metric_relabel_configs"]
        assert (dropped["action"], dropped["source_labels"]) == ("drop", ["serving_kserve_io_inferenceservice"])


def test_prometheus_reads_what_the_dashboards_show(run: Run) -> None:
    values = release(run, "prometheus")
    jobs = values["scrapeConfigs"]
    kept = [
        jobs[job]["metric_relabel_configs"][0]["regex"] for job in ("kubernetes-nodes", "kubernetes-nodes-cadvisor")
    ]
    assert {name for name in exported.of("kubelet") if any(re.fullmatch(each, name) for each in kept)} == exported.of(
        "kubelet"
    )
    assert "mlops;9187" in jobs["slipway-ports"]["relabel_configs"][0]["regex"]
    assert values["kube-state-metrics"]["enabled"]
    assert values["serverFiles"]["alerting_rules.yml"]["groups"]
    longest = max(int(window.removesuffix("d")) for window in alerts.WINDOWS if window.endswith("d"))
    assert int(values["server"]["retention"].removesuffix("d")) > longest


def test_dashboards_alone_are_a_reason_for_prometheus() -> None:
    names = {each.name for each in scaled.run(model(CPU), platform=DASHBOARDS).of("Release")}
    assert {"prometheus", "grafana"} <= names
    assert "prometheus-adapter" not in names


def test_images_of_the_dashboards_come_from_the_mirror() -> None:
    run = scaled.run(watched(), platform=DASHBOARDS, imageMirror="mirror.test/all")
    assert release(run, "grafana")["image"]["registry"] == "mirror.test"
    values = release(run, "prometheus")
    assert values["kube-state-metrics"]["image"]["registry"] == "mirror.test"
    assert values["configmapReload"]["prometheus"]["image"]["repository"].startswith("mirror.test/all/quay.io/")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"platform": {"dashboards": "existing"}}, "slipway:platform.dashboards: 'existing': Slipway does not write"),
        (
            {"platform": {**DASHBOARDS, "prometheus": "off"}},
            "slipway:platform.dashboards: 'install': its queries and alerts need Slipway's own Prometheus",
        ),
        ({"platform": {"runbooks": "https://x.example.com"}}, "slipway:platform.runbooks"),
        ({**TLS, "tracking": {"hosts": ["grafana.slipway.localhost"]}, "platform": DASHBOARDS}, "Grafana answers at"),
    ],
)
def test_what_does_not_go_together_is_refused(changes: dict[str, Any], said: str) -> None:
    assert any(said in line for line in faults(model(CPU), **changes)), faults(model(CPU), **changes)


def test_an_objective_that_nothing_watches_is_refused() -> None:
    [line] = faults(watched())
    assert line.startswith("slipway:models[0].objective: nothing watches it")


def written(folder: Path, of: Settings) -> Path:
    file = folder / "rules.yaml"
    file.write_text(yaml.safe_dump({"groups": [*alerts.recording(of), *alerts.alerting(of)]}))
    return file


def checked(*arguments: str) -> str:
    done = subprocess.run(["promtool", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@promtool
def test_prometheus_takes_the_rules_and_every_query_of_the_dashboards(tmp_path: Path) -> None:
    checked("check", "rules", str(written(tmp_path, settings())))
    shown = [query for board in dashboards.of_stack(settings()) for query in board.queries]
    recorded = [{"record": f"query:{number}", "expr": query} for number, query in enumerate(shown)]
    file = tmp_path / "dashboards.yaml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "dashboards", "rules": recorded}]}))
    assert f"{len(shown)} rules found" in checked("check", "rules", str(file))


def requests(code: int, per_minute: int, le: dict[str, int], hours: int, *, after: int = 0) -> list[dict[str, str]]:
    """The gateway's series of a model: so many requests a minute from a minute on, of them so many within a bound."""
    labels = (
        'reporter="source",destination_service_namespace="models",destination_service_name="wine-predictor",'
        f'response_code="{code}"'
    )

    def values(each: int) -> str:
        return f"0x{after} 0+{each}x{hours * 60 - after}" if after else f"0+{each}x{hours * 60}"

    found = [{"series": f"istio_requests_total{{{labels}}}", "values": values(per_minute)}]
    duration = "istio_request_duration_milliseconds"
    found.append({"series": f"{duration}_count{{{labels}}}", "values": values(per_minute)})
    return found + [
        {"series": f'{duration}_bucket{{{labels},le="{bound}"}}', "values": values(each)} for bound, each in le.items()
    ]


def firing(window: str, severity: str, objective: str, factor: str) -> dict[str, Any]:
    return {
        "exp_labels": {"model": "wine", "objective": objective, "severity": severity, "window": window},
        "exp_annotations": {
            "summary": f"wine spends its 30 days' budget of {objective} {factor} times too fast ({window})",
            "runbook_url": "docs/alerts.md#modelobjectiveburns",
        },
    }


@promtool
@pytest.mark.parametrize(
    ("name", "series_", "at", "expected"),
    [
        # 0.5 % may fail. Nothing does, and everything is fast.
        ("quiet", requests(200, 100, {"250": 100, "+Inf": 100}, 2), "2h", []),
        # 10 % fail: 20 times too fast, in the last hour and before it.
        (
            "errors",
            [*requests(200, 90, {"250": 90, "+Inf": 90}, 2), *requests(503, 10, {"250": 10, "+Inf": 10}, 2)],
            "2h",
            [
                firing("1h", "page", "availability", "14.4"),
                firing("6h", "page", "availability", "6"),
                firing("1d", "ticket", "availability", "3"),
                firing("3d", "ticket", "availability", "1"),
            ],
        ),
        # 2 % fail: 4 times too fast, which wakes nobody.
        (
            "slowly",
            [*requests(200, 98, {"250": 98, "+Inf": 98}, 2), *requests(500, 2, {"250": 2, "+Inf": 2}, 2)],
            "2h",
            [firing("1d", "ticket", "availability", "3"), firing("3d", "ticket", "availability", "1")],
        ),
        # All are answered, and 8 of 100 too late; Prometheus 3 writes the bound as 250.0.
        (
            "late",
            requests(200, 100, {"250.0": 92, "+Inf": 100}, 2),
            "2h",
            [
                firing("1h", "page", "latency", "14.4"),
                firing("6h", "page", "latency", "6"),
                firing("1d", "ticket", "latency", "3"),
                firing("3d", "ticket", "latency", "1"),
            ],
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_objective_burns(
    tmp_path: Path, name: str, series_: list[dict[str, str]], at: str, expected: list[dict[str, Any]]
) -> None:
    test = {
        "rule_files": [str(written(tmp_path, settings()))],
        "evaluation_interval": "1m",
        "tests": [
            {
                "name": name,
                "interval": "1m",
                "input_series": series_,
                "alert_rule_test": [{"alertname": "ModelObjectiveBurns", "eval_time": at, "exp_alerts": expected}],
            }
        ],
    }
    file = tmp_path / "test.yaml"
    file.write_text(yaml.safe_dump(test))
    checked("test", "rules", str(file))


@promtool
def test_each_other_alert_fires_when_it_should(tmp_path: Path) -> None:
    hpa = 'namespace="models",horizontalpodautoscaler="tea-hpa"'
    deployment = 'namespace="models",deployment="tea-predictor"'
    tea = 'reporter="source",destination_service_namespace="models",destination_service_name="tea-predictor"'
    volume = 'namespace="mlops",persistentvolumeclaim="data-postgres-0"'
    steady = {
        f"kube_horizontalpodautoscaler_status_desired_replicas{{{hpa}}}": "3x90",
        f"kube_horizontalpodautoscaler_spec_max_replicas{{{hpa}}}": "3x90",
        f"kube_horizontalpodautoscaler_spec_min_replicas{{{hpa}}}": "1x90",
        f"kube_deployment_status_replicas_available{{{deployment}}}": "0x90",
        f"kube_deployment_spec_replicas{{{deployment}}}": "1x90",
        f'istio_requests_total{{{tea},response_code="200"}}': "0+90x90",
        f'istio_requests_total{{{tea},response_code="503"}}': "0+10x90",
        f'istio_request_duration_milliseconds_bucket{{{tea},le="5000"}}': "0+90x90",
        f'istio_request_duration_milliseconds_bucket{{{tea},le="10000"}}': "0+100x90",
        f'istio_request_duration_milliseconds_bucket{{{tea},le="+Inf"}}': "0+100x90",
        'certmanager_certificate_expiration_timestamp_seconds{name="slipway"}': "864000x90",
        f"kubelet_volume_stats_available_bytes{{{volume}}}": "5x90",
        f"kubelet_volume_stats_capacity_bytes{{{volume}}}": "100x90",
        'barman_cloud_cloudnative_pg_io_last_available_backup_timestamp{namespace="mlops"}': "-200000x90",
    }
    of = settings()
    others = {rule["alert"]: rule for rule in rules(of) if "alert" in rule and rule["alert"] != "ModelObjectiveBurns"}
    file = tmp_path / "test.yaml"
    names = " or ".join(f'ALERTS{{alertname="{name}",alertstate="firing"}}' for name in others)
    test = {
        "rule_files": [str(written(tmp_path, of))],
        "tests": [
            {
                "interval": "1m",
                "input_series": [{"series": name, "values": values} for name, values in steady.items()],
                "promql_expr_test": [
                    {
                        "expr": f"count by (alertname) ({names})",
                        "eval_time": "85m",
                        "exp_samples": [{"labels": f'{{alertname="{name}"}}', "value": 1} for name in others],
                    }
                ],
            }
        ],
    }
    file.write_text(yaml.safe_dump(test))
    checked("test", "rules", str(file))


def test_alerts_of_a_model_that_has_none_of_it_are_left_out() -> None:
    bare = scaled.settings(platform=DASHBOARDS)
    assert {rule["alert"] for rule in rules(bare)} == {"DiskNearlyFull"}
    assert [board.uid for board in dashboards.of_stack(bare)] == ["slipway-platform", "slipway-data"]
