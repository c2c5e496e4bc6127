"""Grafana, which shows the stack's dashboards. They are code: nothing that is changed in it stays."""

import json
from typing import Any

import pulumi_kubernetes as k8s
from pulumi import Output, ResourceOptions

from components.dynamic.password import Password
from components.kubernetes.hardening import Hardening, resources
from components.monitoring import dashboards
from components.monitoring.panels import DATASOURCE
from components.platform.part import PlatformPart
from components.platform.prometheus import URL
from components.settings.images import Images
from components.settings.parts import grafana, prometheus

SERVICE = "grafana"
ADMIN = "admin"
_FOLDER = "/var/lib/grafana/dashboards/slipway"


def values(
    images: Images, version: str | None, hardening: Hardening, *, url: str, secret: Any, boards: Any
) -> dict[str, Any]:
    """`url` is where people find it; `secret` and `boards` name the Secret of its login and its ConfigMap."""
    image = images.in_chart("docker.io/grafana/grafana", version)
    registry, _, repository = image["repository"].partition("/")
    return {
        "fullnameOverride": SERVICE,
        "image": {**image, "registry": registry, "repository": repository},
        "admin": {"existingSecret": secret, "userKey": "user", "passwordKey": "password"},
        # What it shows is code, and its login is the stack's: there is nothing to keep.
        "persistence": {"enabled": False},
        "initChownData": {"enabled": False},
        "testFramework": {"enabled": False},
        "rbac": {"create": False},
        "service": {"port": 80, "targetPort": prometheus.GRAFANA_PORT},
        "priorityClassName": hardening.priority,
        "resources": resources("50m", "128Mi", "512Mi"),
        "grafana.ini": {
            "server": {"root_url": url},
            "analytics": {"check_for_updates": False, "check_for_plugin_updates": False, "reporting_enabled": False},
            "news": {"news_feed_enabled": False},
            "security": {"disable_gravatar": True, "cookie_secure": url.startswith("https")},
            "users": {"allow_sign_up": False, "default_theme": "system"},
        },
        "datasources": {
            "datasources.yaml": {
                "apiVersion": 1,
                "datasources": [{"name": "Prometheus", **DATASOURCE, "url": URL, "isDefault": True}],
            }
        },
        "dashboardProviders": {
            "dashboardproviders.yaml": {
                "apiVersion": 1,
                "providers": [
                    {
                        "name": "slipway",
                        "type": "file",
                        "disableDeletion": True,
                        "allowUiUpdates": False,
                        "options": {"path": _FOLDER},
                    }
                ],
            }
        },
        "dashboardsConfigMaps": {"slipway": boards},
    }


class Grafana(PlatformPart):
    """`password` is the administrator's."""

    part = grafana.PART
    password: Output[str]

    def install(self) -> None:
        context, child = self.args.context, ResourceOptions(parent=self)
        namespace = self.args.namespace(prometheus.NAMESPACE)
        generation = context.settings.rotations.get("grafana", 0)
        self.password = Password("grafana-admin", child, generation=generation).value
        # Another password is another name, so that the pod starts anew with it.
        login = k8s.core.v1.Secret(
            "grafana-admin",
            metadata={"name": f"grafana-admin-{generation}", "namespace": namespace},
            string_data={"user": ADMIN, "password": self.password},
            opts=child,
        )
        boards = k8s.core.v1.ConfigMap(
            "grafana-dashboards",
            metadata={"name": "grafana-dashboards", "namespace": namespace},
            data={f"{each.uid}.json": json.dumps(each.json()) for each in dashboards.of_stack(context.settings)},
            opts=child,
        )
        self.release(
            "grafana",
            values(
                context.images,
                context.charts.app_version("grafana"),
                self.args.hardening,
                url=context.dashboards_url or "",
                secret=login.metadata["name"],
                boards=boards.metadata["name"],
            ),
        )
