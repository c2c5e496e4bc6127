"""Where the autoscalers come from."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from hpa.problem import HpaError
from hpa.source import Declared, read
from hpa.workload import Workload

CPU = {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 60}}}
QUEUE = {
    "type": "External",
    "external": {"metric": {"name": "q"}, "target": {"type": "AverageValue", "averageValue": 5}},
}


def of_container(name: str) -> dict[str, Any]:
    return {"type": "ContainerResource", "containerResource": {**CPU["resource"], "container": name}}  # type: ignore[dict-item]


def hpa(name: str = "wine", version: str = "v2", **fields: Any) -> dict[str, Any]:
    form = {"apiVersion": f"autoscaling/{version}", "kind": "HorizontalPodAutoscaler", "metadata": {"name": name}}
    return {**form, "spec": {"maxReplicas": 5, "metrics": [CPU], **fields}}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "hpa.yaml"


def found(file: Path, *documents: Any, **options: Any) -> list[Declared]:
    file.write_text(yaml.safe_dump_all(documents))
    return read(file, Workload(), {}, **options)


def test_what_kubectl_prints_of_several_is_read(file: Path) -> None:
    for kind in ("List", "HorizontalPodAutoscalerList"):
        listed = {"apiVersion": "v1", "kind": kind, "items": [hpa("one"), hpa("two"), {"kind": "Pod"}]}
        names = [entry.name for entry in found(file, listed, {"kind": "Deployment"}, hpa("three"))]
        assert names[:2] == ["one", "two"]
        assert names[-1] == "three"


def test_the_same_name_in_two_namespaces_is_told_apart(file: Path) -> None:
    one, two = hpa(), hpa()
    one["metadata"]["namespace"], two["metadata"]["namespace"] = "red", "white"
    assert [entry.name for entry in found(file, one, two)] == ["red/wine", "white/wine"]


def test_an_old_version_is_read_with_a_word_on_it(file: Path) -> None:
    assert found(file, hpa(version="v2beta2"))[0].notes == (
        f"{file}: wine: autoscaling/v2beta2 is gone from Kubernetes 1.26 on: write autoscaling/v2",
    )
    assert found(file, hpa(version="v1", metrics=None) | {"spec": {"maxReplicas": 3}})[0].notes == ()


def test_the_first_container_that_a_metric_names_does_the_work(file: Path) -> None:
    work = found(file, hpa(metrics=[CPU, of_container("main"), of_container("proxy")]))[0].workload
    assert work.containers == ("main", "proxy")


def test_a_stack_files_model_works_in_its_own_container_beside_the_meshs_proxy() -> None:
    (model,) = read(Path("Pulumi.prod.yaml"), Workload(), {})
    assert model.workload.containers == ("kserve-container", "istio-proxy")
    assert model.workload.requests["istio-proxy"]["cpu"] == 100
    assert model.notes == ()


def test_a_container_that_a_stack_files_model_does_not_have_is_refused(tmp_path: Path) -> None:
    content = yaml.safe_load(Path("Pulumi.prod.yaml").read_text())
    metric = content["config"]["slipway:models"][0]["autoscaling"]["metrics"][0]
    metric["container"] = "model"
    (tmp_path / "Pulumi.prod.yaml").write_text(yaml.safe_dump(content))
    with pytest.raises(HpaError, match=r"container: 'model': no container of the model's pods; write kserve-container"):
        read(tmp_path / "Pulumi.prod.yaml", Workload(), {})


def test_scaling_to_zero_needs_its_feature_gate(file: Path) -> None:
    zero = hpa(metrics=[QUEUE], minReplicas=0)
    with pytest.raises(HpaError, match="minReplicas: 0: Kubernetes refuses it without its feature gate HPAScaleToZero"):
        found(file, zero)
    assert found(file, zero, to_zero=True)[0].model().autoscaler.min == 0


def test_a_type_that_is_not_the_values_is_refused(file: Path) -> None:
    mistaken = {**CPU["resource"], "target": {"type": "Value", "averageUtilization": 60}}  # type: ignore[dict-item]
    declared = found(file, hpa(metrics=[{"type": "Resource", "resource": mistaken}]))[0]
    with pytest.raises(HpaError, match=r"target.type: Value: with averageUtilization write Utilization"):
        declared.model()


@pytest.mark.parametrize("name", [5, "", "Wine", "a" * 300, "a\ud800"])
def test_a_name_that_no_object_can_have_is_refused(file: Path, name: Any) -> None:
    file.write_text(
        yaml.safe_dump(hpa(name))
        if name != "a\ud800"
        else 'kind: HorizontalPodAutoscaler\nmetadata: {name: "a\\ud800"}'
    )
    with pytest.raises(HpaError, match=r"metadata\.name: "):
        read(file, Workload(), {})
