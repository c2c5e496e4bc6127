"""Small charts of the tests' own, and Helm."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tools.toolchain.install import install
from tools.toolchain.pins import HELM

OFF = ("mesh", "serverless", "serving", "metricsServer", "prometheus", "metricsAdapter")

TEMPLATES = {
    "deployment.yaml": """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}
  annotations:
    made: {{ now | date "15:04:05.000000000" | quote }}
    enabled: {{ .Values.crds.enabled | quote }}
spec:
  template:
    spec:
      containers:
        - {name: main, image: "{{ .Values.image.repository }}:{{ .Values.image.tag }}"}
""",
    "secret.yaml": """\
apiVersion: v1
kind: Secret
metadata: {name: generated}
data: {password: {{ randAlphaNum 20 | b64enc }}, given: {{ .Values.given | default "" | b64enc | quote }}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: script}
data:
  ca: {{ (genCA "test" 1).Cert | quote }}
  run.sh: |
    echo one
    echo {{ .Values.word | default "two" }}
  day: 2026-01-02
""",
    "hook.yaml": """\
apiVersion: batch/v1
kind: Job
metadata:
  name: check
  annotations: {helm.sh/hook: post-install}
""",
    "cluster.yaml": """\
apiVersion: test.example/v1
kind: Wide
metadata: {name: wide}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: "system:test"}
""",
    "tests/never.yaml": """\
apiVersion: v1
kind: Pod
metadata:
  name: never
  annotations: {helm.sh/hook: test}
""",
}
CRD = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: wides.test.example}
spec: {group: test.example, scope: Cluster, names: {kind: Wide, plural: wides}, versions: []}
"""

Write = Callable[..., Path]


@pytest.fixture(scope="session")
def helm() -> None:
    install([HELM])


@pytest.fixture
def stack(tmp_path: Path, helm: None) -> Write:  # noqa: ARG001
    """Writes a stack file that installs one chart, with `changes` of its settings, and returns it."""
    chart = tmp_path / "chart"
    for name, text in {"crds/wide.yaml": CRD, **{f"templates/{key}": text for key, text in TEMPLATES.items()}}.items():
        (chart / name).parent.mkdir(parents=True, exist_ok=True)
        (chart / name).write_text(text)
    (chart / "Chart.yaml").write_text("{apiVersion: v2, name: test, version: 1.0.0}\n")

    def write(name: str = "test", chart: str = str(chart), values: Any = None, **changes: Any) -> Path:
        config = {
            "cluster": {"existing": {"kubeconfig": "kubeconfig", "context": "test"}},
            "ingress": {"domain": "models.test", "address": "127.0.0.1:80"},
            "platform": dict.fromkeys(OFF, "off"),
            "charts": {"cert-manager": {"chart": os.path.relpath(chart), "values": values or {}}},
            "objectStore": {
                "engine": "s3",
                "bucket": "slipway-test",
                "accessKeyId": "key",
                "secretAccessKey": "the-store-secret",
            },
            "database": {"url": "postgresql+psycopg2://mlflow:the-database-secret@db.test/mlflow"},
            **changes,
        }
        path = tmp_path / f"Pulumi.{name}.yaml"
        path.write_text(yaml.safe_dump({"config": {f"slipway:{key}": value for key, value in config.items()}}))
        return path

    return write
