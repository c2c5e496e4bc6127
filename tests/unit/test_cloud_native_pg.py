"""A database that CloudNativePG runs: its cluster, its backups, and a cluster made from them."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from components.settings import SettingsError, parse_settings
from tests.unit.engine import Run, run_stack

KEYS = {"accessKeyId": "A", "secretAccessKey": "K"}
BACKUP = {"destination": "s3://backups/mlflow", **KEYS}


def with_cluster(**cluster: Any) -> Run:
    return run_stack("dev", {"database": {"storage": "5Gi", "keep": True, "cloudNativePg": cluster}})


@pytest.fixture(scope="module")
def backed_up() -> Run:
    return with_cluster(backup={**BACKUP, "endpoint": "https://s3.test", "retention": "4w"})


def test_a_cluster_of_three_is_waited_for_and_needs_no_backup() -> None:
    run = with_cluster()
    cluster = run.one("Cluster", "postgres")
    assert cluster.type == "kubernetes:postgresql.cnpg.io/v1:Cluster"
    assert cluster.inputs["metadata"]["annotations"]["pulumi.com/waitFor"] == "condition=Ready"
    spec = cluster.inputs["spec"]
    assert (spec["instances"], spec["storage"], spec["enablePDB"]) == (3, {"size": "5Gi"}, True)
    assert spec["smartShutdownTimeout"] == 10
    assert "plugins" not in spec
    assert not [entry for entry in run.of("Release") if entry.name == "plugin-barman-cloud"]
    assert [entry.name for entry in run.of("StatefulSet")] == ["object-store"]


def test_the_operator_is_there_first_and_only_where_a_database_needs_it(backed_up: Run) -> None:
    assert {"cloudnative-pg", "plugin-barman-cloud"} <= backed_up.one("Cluster", "postgres").dependencies
    assert "cert-manager" in backed_up.one("Release", "plugin-barman-cloud").dependencies
    releases = [entry.name for entry in run_stack("dev").of("Release")]
    assert "cloudnative-pg" not in releases


def test_an_operator_that_is_there_is_not_installed_again() -> None:
    run = run_stack("dev", {"platform": {"databaseOperator": "existing"}, "database": {"cloudNativePg": {}}})
    assert not [entry for entry in run.of("Release") if "pg" in entry.name]
    assert run.one("Cluster", "postgres")


def test_mlflow_logs_in_with_the_password_that_the_cluster_is_made_with(backed_up: Run) -> None:
    secret = backed_up.one("Secret", "database").inputs["stringData"]
    assert (secret["username"], secret["password"]) == ("mlflow", "s3cret")
    assert secret["uri"] == "postgresql+psycopg2://mlflow:s3cret@postgres-rw.mlops:5432/mlflow?sslmode=require"
    initdb = backed_up.one("Cluster", "postgres").inputs["spec"]["bootstrap"]["initdb"]
    assert initdb == {"database": "mlflow", "owner": "mlflow", "secret": {"name": "database"}}


def test_backups_are_the_plugins_with_keys_by_reference(backed_up: Run) -> None:
    [plugin] = backed_up.one("Cluster", "postgres").inputs["spec"]["plugins"]
    assert (plugin["name"], plugin["isWALArchiver"]) == ("barman-cloud.cloudnative-pg.io", True)
    assert plugin["parameters"] == {"barmanObjectName": "postgres-backups", "serverName": "postgres"}
    store = backed_up.one("ObjectStore", "postgres-backups-store").inputs["spec"]
    assert store["retentionPolicy"] == "4w"
    configuration = store["configuration"]
    assert (configuration["destinationPath"], configuration["endpointURL"]) == (
        "s3://backups/mlflow",
        "https://s3.test",
    )
    assert configuration["s3Credentials"]["secretAccessKey"] == {
        "name": "postgres-backups",
        "key": "AWS_SECRET_ACCESS_KEY",
    }
    schedule = backed_up.one("ScheduledBackup").inputs["spec"]
    assert (schedule["schedule"], schedule["immediate"], schedule["method"]) == ("0 0 2 * * *", True, "plugin")


def test_without_keys_the_pods_have_the_identity_that_the_stack_names() -> None:
    role = {"eks.amazonaws.com/role-arn": "arn:aws:iam::123456789012:role/backups"}
    run = with_cluster(backup={"destination": "s3://backups", "identity": role})
    spec = run.one("Cluster", "postgres").inputs["spec"]
    assert spec["serviceAccountTemplate"] == {"metadata": {"annotations": role}}
    store = run.one("ObjectStore", "postgres-backups-store").inputs["spec"]
    assert store["configuration"]["s3Credentials"] == {"inheritFromIAMRole": True}
    assert not [entry for entry in run.of("Secret") if entry.name == "postgres-backups"]


def test_a_cluster_can_begin_with_the_backups_of_another_at_a_moment() -> None:
    run = with_cluster(
        name="postgres-2", backup=BACKUP, recovery={"source": "postgres", "until": "2026-01-31T12:00:00Z"}
    )
    cluster = run.one("Cluster", "postgres").inputs
    assert cluster["metadata"]["name"] == "postgres-2"
    recovery = cluster["spec"]["bootstrap"]["recovery"]
    assert recovery["recoveryTarget"] == {"targetTime": "2026-01-31T12:00:00Z"}
    assert (recovery["database"], recovery["owner"], recovery["secret"]) == ("mlflow", "mlflow", {"name": "database"})
    [origin] = cluster["spec"]["externalClusters"]
    assert origin["name"] == recovery["source"]
    assert origin["plugin"]["parameters"]["serverName"] == "postgres"
    # Its own log goes to a folder of its own: CloudNativePG refuses to write over another's.
    assert cluster["spec"]["plugins"][0]["parameters"]["serverName"] == "postgres-2"
    assert "@postgres-2-rw.mlops:" in run.one("Secret", "database").inputs["stringData"]["uri"]


def test_everything_of_a_kept_cluster_is_protected_but_the_keys_that_a_team_rotates(backed_up: Run) -> None:
    assert {entry.name for entry in backed_up.all if entry.protect} == {
        "postgres",
        "postgres-backups-store",
        "postgres-backups-schedule",
        "database",
        "database-password",
        # What it stands on: its namespace, its operator and the operator's kinds.
        "mlops",
        "cloudnative-pg",
        "plugin-barman-cloud",
        "database-operator-crd-cleanup",
    }


def test_images_of_the_operator_and_of_its_sidecar_come_from_the_mirror() -> None:
    run = run_stack("dev", {"imageMirror": "mirror.test", "database": {"cloudNativePg": {"backup": BACKUP}}})
    operator = run.one("Release", "cloudnative-pg").inputs["values"]
    assert operator["image"]["repository"] == "mirror.test/ghcr.io/cloudnative-pg/cloudnative-pg"
    plugin = run.one("Release", "plugin-barman-cloud").inputs["values"]
    for image, name in (("image", "plugin-barman-cloud"), ("sidecarImage", "plugin-barman-cloud-sidecar")):
        place = {"registry": "mirror.test", "repository": f"ghcr.io/cloudnative-pg/{name}"}
        assert plugin[image] == {**place, "tag": "v0.13.0"}
    assert run.one("Cluster", "postgres").inputs["spec"]["imageName"].startswith("mirror.test/ghcr.io/")


def test_the_definitions_that_the_charts_keep_go_when_the_operator_does(backed_up: Run) -> None:
    cleanup = backed_up.one("CrdCleanup", "database-operator-crd-cleanup")
    assert cleanup.inputs["groups"] == ["barmancloud.cnpg.io", "postgresql.cnpg.io"]
    assert "database-operator-crd-cleanup" in backed_up.one("Release", "cloudnative-pg").dependencies


def prod() -> dict[str, Any]:
    config = yaml.safe_load(Path("Pulumi.prod.yaml").read_text())["config"]
    return {key.removeprefix("slipway:"): value for key, value in config.items()}


CLUSTER = {"cloudNativePg": {"backup": BACKUP}}
URL = {"url": "postgresql+psycopg2://u:p@db.test/mlflow"}


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"database": {**URL, **CLUSTER}}, "slipway:database: write one of `url` and `cloudNativePg`"),
        ({"database": {**URL, "keep": True}}, "slipway:database.keep: True: the database at `url` is never touched"),
        ({"objectStore": {"engine": "s3", "keep": True}}, "slipway:objectStore.keep: True: a bucket of `engine: s3`"),
        (
            {"database": CLUSTER, "platform": {"databaseOperator": "off"}},
            "slipway:platform.databaseOperator: 'off': database.cloudNativePg needs it",
        ),
        (
            {"database": CLUSTER, "platform": {"certificates": "off", "serving": "off"}, "models": []},
            "slipway:platform.certificates: 'off': CloudNativePG's backup plugin needs cert-manager",
        ),
        (
            {"database": {**CLUSTER, "volumePermissions": True}},
            "slipway:database.volumePermissions: True: CloudNativePG never runs as root",
        ),
        (
            {"database": {"cloudNativePg": {"recovery": {"source": "old"}}}},
            "slipway:database.cloudNativePg.recovery: write the `backup`",
        ),
        (
            {"database": {"cloudNativePg": {"backup": BACKUP, "recovery": {"source": "postgres"}}}},
            "slipway:database.cloudNativePg.name: 'postgres': a recovered cluster writes backups of its own",
        ),
        (
            {"database": {"cloudNativePg": {"backup": {**BACKUP, "destination": "backups"}}}},
            "slipway:database.cloudNativePg.backup.destination: a text: write s3://",
        ),
        (
            {"database": {"cloudNativePg": {"backup": {**BACKUP, "schedule": "0 2 * * *"}}}},
            "slipway:database.cloudNativePg.backup.schedule: '0 2 * * *': write six fields, seconds first",
        ),
        (
            {"objectStore": {"engine": "s3", **KEYS, "identity": {"a": "b"}}},
            "slipway:objectStore.identity: keys stand beside it",
        ),
        ({"objectStore": {"identity": {"a": "b"}}}, "slipway:objectStore.identity: only for `engine: s3`"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(change: dict[str, Any], line: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse_settings({**prod(), **change})
    assert any(fault.startswith(line) for fault in str(caught.value).splitlines()), caught.value


def test_a_simulated_pod_keeps_nothing_and_asks_for_no_password() -> None:
    config = yaml.safe_load(Path("Pulumi.local.yaml").read_text())["config"]
    local = {key.removeprefix("slipway:"): value for key, value in config.items()}
    with pytest.raises(SettingsError) as caught:
        parse_settings({**local, "database": {"keep": True, "cloudNativePg": {}}, "tracking": {"auth": True}})
    faults = [line.partition(": ")[0] for line in str(caught.value).splitlines()]
    assert faults == ["slipway:database.cloudNativePg", "slipway:database.keep", "slipway:tracking.auth"]
