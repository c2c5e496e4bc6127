"""Which volumes a release would have, as Helm itself renders its chart."""

import os
from pathlib import Path
from typing import Any

import pytest

from tools.engine import plan, release_data

CLAIM = """\
{{- if .Values.persistentVolume.enabled }}
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: {{ .Release.Name }}-server}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: {{ .Values.persistentVolume.size }}}}}
{{- end }}
"""


@pytest.fixture
def chart(tmp_path: Path) -> str:
    folder = tmp_path / "chart"
    (folder / "templates").mkdir(parents=True)
    (folder / "Chart.yaml").write_text("{apiVersion: v2, name: prometheus, version: 1.0.0}\n")
    (folder / "values.yaml").write_text("persistentVolume: {enabled: true, size: 1Gi}\n")
    (folder / "templates" / "claim.yaml").write_text(CLAIM)
    return os.path.relpath(folder)


def update(chart: str, values: dict[str, Any]) -> list[str]:
    here = {"type": release_data.RELEASE, "urn": "urn::prometheus", "id": "monitoring/prometheus"}
    names = {"PersistentVolumeClaim/v1": ["prometheus-server"]}
    inputs = {"name": "prometheus", "namespace": "monitoring", "chart": chart, "version": "1.0.0", "values": values}
    old = {**here, "outputs": {"name": "prometheus", "namespace": "monitoring", "resourceNames": names}}
    return plan.losses([{"op": "update", "oldState": old, "newState": {**here, "inputs": inputs}}])


@pytest.mark.usefixtures("helm")
def test_a_volume_that_is_switched_off_is_missed_and_a_bigger_one_is_not(chart: str) -> None:
    assert update(chart, {"persistentVolume": {"enabled": False}}) == [
        "deletes PersistentVolumeClaim monitoring/prometheus-server, which Release monitoring/prometheus has no more"
    ]
    assert update(chart, {"persistentVolume": {"size": "2Gi"}}) == []
    [said] = update(f"{chart}-missing", {})
    assert said.startswith("may delete PersistentVolumeClaim monitoring/prometheus-server")
