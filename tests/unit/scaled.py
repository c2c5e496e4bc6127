"""Settings and runs of one model that scales as a test says."""

import copy
from collections.abc import Mapping
from typing import Any

from components.settings import Settings, SettingsError, parse_settings
from tests.unit.engine import Run, run_stack

NAME = "wine"
RATE = "sum(rate(rest_server_requests_total{<<.LabelMatchers>>}[1m])) by (<<.GroupBy>>)"
CPU = {"type": "Resource", "name": "cpu", "target": {"averageUtilization": 60}}
PODS = {"type": "Pods", "name": "packets-per-second", "target": {"averageValue": "1k"}, "query": RATE}
OBJECT = {
    "type": "Object",
    "name": "requests-per-second",
    "of": {"kind": "Ingress", "name": "main-route"},
    "target": {"value": "2k"},
    "query": "sum(rate(ingress_requests_total{<<.LabelMatchers>>}[1m])) by (<<.GroupBy>>)",
}
EXTERNAL = {
    "type": "External",
    "name": "queue_messages_ready",
    "selector": {"queue": "worker_tasks"},
    "target": {"averageValue": "30"},
    "query": "sum(rabbitmq_queue_messages_ready{<<.LabelMatchers>>})",
}

MUTUAL_TLS = {"security": {"mutualTls": True}, "platform": {"meshCni": "install"}}


def model(*metrics: Mapping[str, Any], name: str = NAME, **autoscaling: Any) -> dict[str, Any]:
    scaling: dict[str, Any] = {"max": 3, **({"metrics": list(metrics)} if metrics else {}), **autoscaling}
    return {"name": name, "source": "models:/wine-quality-model/1", "autoscaling": scaling}


def knative(**autoscaling: Any) -> dict[str, Any]:
    return {**model(), "mode": "Knative", "autoscaling": {"max": 3, **autoscaling}}


def settings(*models: Mapping[str, Any], **sections: Any) -> Settings:
    data = {
        "cluster": {"kind": {"name": "test"}},
        "ingress": {"domain": "slipway.localhost"},
        "models": list(models),
        **sections,
    }
    return parse_settings(copy.deepcopy(data))


def faults(*models: Mapping[str, Any], **sections: Any) -> list[str]:
    """What is wrong, a line each; none when nothing is."""
    try:
        settings(*models, **sections)
    except SettingsError as error:
        return str(error).splitlines()
    return []


def run(*models: Mapping[str, Any], **sections: Any) -> Run:
    return run_stack("dev", {"models": list(models), **sections})
