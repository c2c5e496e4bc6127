"""Database, object store, MLflow and training."""

import hashlib
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from components.data.fingerprint import fingerprint
from components.data.tracking import allowed_hosts
from components.settings import parse_settings
from tests.unit.engine import Run, run_stack


@pytest.fixture(scope="module")
def dev() -> Run:
    return run_stack("dev")


def pod_of(entry: Any) -> dict[str, Any]:
    return dict(entry.inputs["spec"]["template"]["spec"])


def container(entry: Any, name: str | None = None) -> dict[str, Any]:
    return dict(next(each for each in pod_of(entry)["containers"] if name in (None, each["name"])))


def env_of(entry: Any) -> dict[str, Any]:
    return {each["name"]: each.get("value", each.get("valueFrom")) for each in container(entry)["env"]}


def test_no_secret_stands_in_an_environment_or_in_a_charts_values(dev: Run) -> None:
    carriers = [entry for entry in dev.kubernetes if entry.kind != "Secret"]
    assert len(carriers) >= 25
    assert not [entry for entry in carriers if "s3cret" in str(entry.inputs)]


def test_secrets_are_secret_to_the_engine_too(dev: Run) -> None:
    marker = "4dabf18193072939515e22adb298388d"
    for secret in dev.of("Secret"):
        assert marker in str(secret.raw["stringData"]), secret
    made = [entry for entry in dev.all if entry.name.endswith(("-password", "-fingerprints"))]
    assert [entry.secret_outputs for entry in made] == [["value", "previous"]] * 4
    assert dev.one("KindCluster", "cluster").secret_outputs == []


def test_mlflow_gets_its_secrets_by_reference(dev: Run) -> None:
    env = env_of(dev.one("Deployment", "mlflow"))
    assert env["MLFLOW_BACKEND_STORE_URI"] == {"secretKeyRef": {"name": "database", "key": "uri"}}
    assert env["AWS_SECRET_ACCESS_KEY"]["secretKeyRef"]["name"] == "object-store"
    assert env["MLFLOW_S3_ENDPOINT_URL"] == "http://object-store.mlops:9000"
    assert env["MLFLOW_ARTIFACTS_DESTINATION"] == "s3://mlflow"


def mark(run: Run, kind: str, name: str) -> str:
    return str(run.one(kind, name).inputs["spec"]["template"]["metadata"]["annotations"]["slipway/secrets"])


def test_another_database_is_another_generation_of_servers(dev: Run) -> None:
    elsewhere = run_stack("dev", {"database": {"url": "postgresql+psycopg2://u:p@db.test:5432/mlflow"}})
    assert mark(dev, "Deployment", "mlflow") == mark(run_stack("dev"), "Deployment", "mlflow")
    assert mark(dev, "Deployment", "mlflow") != mark(elsewhere, "Deployment", "mlflow")


def test_other_keys_of_the_store_are_another_generation_of_servers() -> None:
    def keys(secret: str) -> Run:
        s3 = {"engine": "s3", "endpoint": "https://s3.test", "accessKeyId": "a", "secretAccessKey": secret}
        return run_stack("dev", {"objectStore": s3})

    assert mark(keys("one"), "Deployment", "mlflow") != mark(keys("two"), "Deployment", "mlflow")


def test_nothing_outside_the_state_allows_to_try_a_guess_at_a_secret(dev: Run) -> None:
    for digest in ("md5", "sha1", "sha256", "sha512"):
        for value in ("s3cret", "postgresql+psycopg2://mlflow:s3cret@postgres.mlops:5432/mlflow"):
            guess = hashlib.new(digest, value.encode()).hexdigest()
            for entry in dev.kubernetes:
                assert entry.kind == "Secret" or guess[:8] not in str(entry.inputs), entry
    one, other = fingerprint("key", ["s3cret"]), fingerprint("another key", ["s3cret"])
    assert one == fingerprint("key", ["s3cret"]) != other
    assert fingerprint("key", ["a", "b"]) != fingerprint("key", ["ab"])


def test_a_changed_secret_is_changed_in_place(dev: Run) -> None:
    """The engine would delete what names it first: MLflow's servers, all at once."""
    provider = dev.one("kubernetes").inputs
    assert provider["enableSecretMutable"] == provider["enableConfigMapMutable"] == "true"


def test_the_database_is_migrated_before_the_server_starts(dev: Run) -> None:
    pod = dev.one("Deployment", "mlflow").inputs["spec"]["template"]["spec"]
    [migrate] = pod["initContainers"]
    assert migrate["command"] == ["python", "/scripts/migrate.py"]
    assert migrate["image"] == pod["containers"][0]["image"]
    assert "pg_advisory_lock" in dev.one("ConfigMap", "mlflow-scripts").inputs["data"]["migrate.py"]


def test_mlflow_answers_to_its_names_in_the_cluster_with_and_without_a_port() -> None:
    hosts = allowed_hosts("mlops", ["mlflow.example.com"]).split(",")
    for name in ("mlflow", "mlflow.mlops", "mlflow.mlops.svc", "mlflow.mlops.svc.cluster.local", "mlflow.example.com"):
        assert name in hosts
        assert f"{name}:*" in hosts
    assert "*" not in hosts


def test_without_a_host_of_its_own_mlflow_is_at_a_path_and_models_keep_the_rest(dev: Run) -> None:
    spec = dev.one("VirtualService", "mlflow-route").inputs["spec"]
    assert spec["hosts"] == ["*"]
    [routed] = [rule for rule in spec["http"] if "route" in rule]
    assert routed["match"] == [{"uri": {"exact": "/mlflow"}}, {"uri": {"prefix": "/mlflow/"}}]
    mlflow = container(dev.one("Deployment", "mlflow"))
    assert mlflow["command"][-2:] == ["--static-prefix", "/mlflow"]
    assert mlflow["readinessProbe"]["httpGet"]["path"] == "/mlflow/health"
    train = env_of(dev.one("Job", "mlflow-wine-classifier-train"))
    assert train["MLFLOW_TRACKING_URI"] == "http://mlflow.mlops:5000/mlflow"


def test_with_a_host_of_its_own_it_is_at_the_root() -> None:
    run = run_stack("prod")
    spec = run.one("VirtualService", "mlflow-route").inputs["spec"]
    [_hidden, rest] = spec["http"]
    assert (spec["hosts"], rest["match"]) == (["mlflow.example.com"], [{"uri": {"prefix": "/"}}])
    assert "--static-prefix" not in container(run.one("Deployment", "mlflow"))["command"]


def test_our_own_pods_run_without_privileges(dev: Run) -> None:
    own = [*dev.of("StatefulSet"), *dev.of("Deployment"), *dev.of("Job")]
    assert len(own) == 5
    for entry in own:
        pod = entry.inputs["spec"]["template"]["spec"]
        assert pod["securityContext"]["runAsNonRoot"] is True, entry
        for each in [*pod["containers"], *pod.get("initContainers", [])]:
            assert each["securityContext"]["readOnlyRootFilesystem"] is True, entry
            assert each["securityContext"]["capabilities"] == {"drop": ["ALL"]}, entry


def test_servers_have_probes_requests_and_a_volume(dev: Run) -> None:
    for name in ("postgres", "object-store"):
        entry = dev.one("StatefulSet", name)
        server = container(entry)
        assert {"startupProbe", "readinessProbe", "livenessProbe"} <= set(server)
        assert server["resources"]["requests"]
        [volume] = [each for each in pod_of(entry)["volumes"] if each["name"] == "data"]
        claim = dev.one("PersistentVolumeClaim", name)
        assert volume["persistentVolumeClaim"]["claimName"] == claim.inputs["metadata"]["name"]
        assert claim.inputs["spec"]["accessModes"] == ["ReadWriteOnce"]


def test_a_volume_has_one_server_at_a_time_also_after_a_deletion_by_force(dev: Run, tmp_path: Path) -> None:
    """The pod's own command, with a server of the test's own in the place of PostgreSQL."""
    command = [str(word) for word in container(dev.one("StatefulSet", "postgres"))["command"]]
    assert command[-1].startswith("/var/lib/postgresql/data/")
    server = tmp_path / "docker-entrypoint.sh"
    # What it starts holds the lock as well.
    server.write_text("#!/bin/sh\necho begins >> log\nsleep 0.4 &\nsleep 0.2\necho ends >> log\n")
    server.chmod(0o755)
    env = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    started = [subprocess.Popen([*command[:-1], "server.lock"], cwd=tmp_path, env=env) for _ in range(3)]
    assert [each.wait(timeout=60) for each in started] == [0, 0, 0]
    assert (tmp_path / "log").read_text().split() == ["begins", "ends"] * 3


def test_root_is_used_only_where_a_stack_asks_for_it_and_only_to_change_an_owner() -> None:
    run = run_stack("dev", {"database": {"volumePermissions": True}})
    [owner] = run.one("StatefulSet", "postgres").inputs["spec"]["template"]["spec"]["initContainers"]
    assert owner["command"] == ["chown", "999:999", "/volume"]
    assert owner["securityContext"]["capabilities"] == {"drop": ["ALL"], "add": ["CHOWN"]}
    assert not run.one("StatefulSet", "object-store").inputs["spec"]["template"]["spec"].get("initContainers")


def test_a_volume_is_not_made_by_its_server_so_that_a_bigger_one_replaces_nothing(dev: Run) -> None:
    for name in ("postgres", "object-store"):
        assert "volumeClaimTemplates" not in dev.one("StatefulSet", name).inputs["spec"]


def test_a_server_whose_image_could_not_be_pulled_takes_the_image_that_can(dev: Run) -> None:
    for entry in dev.of("StatefulSet"):
        assert entry.inputs["spec"]["podManagementPolicy"] == "Parallel", entry.name


def protected(run: Run) -> set[str]:
    return {f"{entry.kind}/{entry.name}" for entry in run.all if entry.protect}


def test_what_is_kept_is_protected_whole_and_what_can_be_made_again_is_not() -> None:
    run = run_stack("dev", {"database": {"keep": True}, "objectStore": {"keep": True}})
    kinds = ("StatefulSet", "PersistentVolumeClaim", "Service")
    assert protected(run) == {
        *(f"{kind}/{name}" for kind in kinds for name in ("postgres", "object-store")),
        *(f"{kind}/{name}" for kind, name in (("Secret", "database"), ("Secret", "object-store"))),
        *(f"Password/{name}-password" for name in ("database", "object-store")),
        # Its end would be theirs.
        "Namespace/mlops",
    }


def test_one_of_the_two_can_be_kept_alone() -> None:
    names = protected(run_stack("dev", {"objectStore": {"keep": True}}))
    assert "StatefulSet/object-store" in names
    assert not [name for name in names if "postgres" in name or "database" in name]


def test_nothing_is_protected_that_nobody_asked_to_keep(dev: Run) -> None:
    assert not protected(dev)


def test_an_external_database_needs_no_server() -> None:
    run = run_stack("dev", {"database": {"url": "postgresql+psycopg2://u:p@db.test:5432/mlflow"}})
    assert [entry.name for entry in run.of("StatefulSet")] == ["object-store"]
    assert run.one("Secret", "database").inputs["stringData"] == {
        "uri": "postgresql+psycopg2://u:p@db.test:5432/mlflow"
    }


def test_another_store_is_one_setting_away() -> None:
    run = run_stack("dev", {"objectStore": {"engine": "versitygw", "bucket": "artifacts"}})
    server = container(run.one("StatefulSet", "object-store"))
    assert server["image"].startswith("ghcr.io/versity/versitygw:")
    assert env_of(run.one("Deployment", "mlflow"))["MLFLOW_S3_ENDPOINT_URL"] == "http://object-store.mlops:7070"
    assert env_of(run.one("Job", "bucket"))["BUCKET"] == "artifacts"


def test_an_s3_endpoint_with_keys_needs_no_server() -> None:
    keys = {"accessKeyId": "A", "secretAccessKey": "K", "endpoint": "https://s3.test"}
    run = run_stack("dev", {"objectStore": {"engine": "s3", **keys}})
    assert [entry.name for entry in run.of("StatefulSet")] == ["postgres"]
    env = env_of(run.one("Deployment", "mlflow"))
    assert env["MLFLOW_S3_ENDPOINT_URL"] == "https://s3.test"
    assert env["AWS_SECRET_ACCESS_KEY"]["secretKeyRef"]["key"] == "AWS_SECRET_ACCESS_KEY"


def test_s3_without_keys_leaves_it_to_mlflows_identity() -> None:
    role = {"eks.amazonaws.com/role-arn": "arn:aws:iam::123456789012:role/mlflow"}
    run = run_stack("dev", {"objectStore": {"engine": "s3", "bucket": "artifacts", "identity": role}})
    mlflow = run.one("Deployment", "mlflow")
    assert not [name for name in env_of(mlflow) if name.startswith("AWS_") and name != "AWS_DEFAULT_REGION"]
    assert run.one("ServiceAccount", "mlflow").inputs["metadata"]["annotations"] == role
    assert pod_of(mlflow)["serviceAccountName"] == "mlflow"


def test_mlflow_has_an_account_of_its_own_and_no_token_for_the_cluster(dev: Run) -> None:
    mlflow = pod_of(dev.one("Deployment", "mlflow"))
    assert mlflow["serviceAccountName"] == "mlflow"
    assert mlflow["automountServiceAccountToken"] is False
    assert dev.one("ServiceAccount", "mlflow").inputs["automountServiceAccountToken"] is False


def test_azures_identity_comes_with_the_label_that_its_webhook_looks_for() -> None:
    identity = {"azure.workload.identity/client-id": "1234"}
    run = run_stack("dev", {"objectStore": {"engine": "s3", "bucket": "artifacts", "identity": identity}})
    metadata = run.one("Deployment", "mlflow").inputs["spec"]["template"]["metadata"]
    assert metadata["labels"]["azure.workload.identity/use"] == "true"


def test_the_training_job_runs_the_script_as_it_is_in_the_repository(dev: Run) -> None:
    job = dev.one("Job", "mlflow-wine-classifier-train")
    script = dev.one("ConfigMap", "mlflow-wine-classifier-script")
    assert script.inputs["data"] == {"train.py": Path("model/train.py").read_text()}
    assert container(job)["command"] == [
        "python",
        "/model/train.py",
        "--registered-model",
        "wine-quality-model",
        "--ensure",
        "1",
    ]
    assert "bucket" in job.dependencies


def test_another_version_or_argument_is_another_job_and_the_same_is_the_same(dev: Run) -> None:
    def job_name(source: str, args: list[str]) -> str:
        [model] = parse_settings({**_dev(), "models": [_model(source, args)]}).models
        run = run_stack("dev", {"models": [model.model_dump(by_alias=True, exclude_none=True)]})
        return str(run.one("Job", "mlflow-wine-classifier-train").inputs["metadata"]["name"])

    first = job_name("models:/wine-quality-model/1", [])
    assert first == dev.one("Job", "mlflow-wine-classifier-train").inputs["metadata"]["name"]
    assert (
        len({first, job_name("models:/wine-quality-model/2", []), job_name("models:/wine-quality-model/1", ["-x"])})
        == 3
    )


def _dev() -> dict[str, Any]:
    return {"cluster": {"kind": {"name": "x"}}, "ingress": {"domain": "x.test"}}


def _model(source: str, args: list[str]) -> dict[str, Any]:
    return {"name": "mlflow-wine-classifier", "source": source, "train": {"script": "model/train.py", "args": args}}


def hidden(run: Run) -> list[str]:
    """Patterns of the paths that the gateway does not hand on to MLflow."""
    rules = run.one("VirtualService", "mlflow-route").inputs["spec"]["http"]
    return [match["uri"]["regex"] for rule in rules if rule.get("directResponse") for match in rule["match"]]


def test_no_client_outside_is_offered_what_the_store_inside_signed(dev: Run) -> None:
    """It would try for minutes to reach the store by its name inside the cluster."""
    [pattern] = hidden(dev)
    for path in ("/mlflow/api/3.0/mlflow/server-info", "/mlflow/API%2f3.0/mlflow/server-info/"):
        assert re.fullmatch(pattern, path), path
    # The pages ask there what is switched on.
    assert not re.fullmatch(pattern, "/mlflow/ajax-api/3.0/mlflow/server-info")
    assert not re.fullmatch(pattern, "/mlflow/api/2.0/mlflow/runs/search")


def test_a_client_is_offered_what_a_store_outside_signed() -> None:
    role = {"eks.amazonaws.com/role-arn": "arn:aws:iam::1:role/mlflow"}
    assert not hidden(run_stack("dev", {"objectStore": {"engine": "s3", "bucket": "artifacts", "identity": role}}))
