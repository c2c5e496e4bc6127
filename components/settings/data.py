"""MLflow, and where it keeps what it knows."""

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field

from components.settings.addresses import BaseUrl, Host
from components.settings.buckets import AccessKeyId, Bucket, BucketPath, Region
from components.settings.kubernetes_names import AnnotationName, AnnotationValue, ClusterName, Namespace
from components.settings.moments import CronWithSeconds, Retention, Timestamp
from components.settings.quantity import Storage
from components.settings.resources import Requests, Resources
from components.settings.section import Positive, Secret, Section

VOLUME_PERMISSIONS = Field(
    False,
    description="Hand the volume to the server's user in an init container that runs as root: for storage classes "
    "that ignore fsGroup, such as host-path.",
)

KEEP = Field(
    False,
    description="Protect the server and its volume: a destroy leaves them, until this is false and confirmed.",
)
IDENTITY = "annotations of its ServiceAccount that name a cloud identity, such as eks.amazonaws.com/role-arn"


class Backup(Section):
    """Base backups and the log of a CloudNativePG cluster, in an S3 bucket: every moment in between can be had back."""

    destination: BucketPath = Field(description="s3://bucket/path")
    schedule: CronWithSeconds = Field("0 0 2 * * *", description="Of the base backups: cron with seconds first.")
    retention: Retention = Field("30d", description="How far back: days, weeks or months, such as 30d, 4w, 6m.")
    endpoint: BaseUrl | None = Field(None, description="The endpoint's URL; leave it out for AWS.")
    region: Region = "us-east-1"
    access_key_id: AccessKeyId | None = None
    secret_access_key: Secret | None = None
    identity: dict[AnnotationName, AnnotationValue] = Field(
        default_factory=dict, description=f"Instead of keys: {IDENTITY}."
    )


class Recovery(Section):
    """The backups that a new CloudNativePG cluster begins with."""

    source: ClusterName = Field(description="The `name` of the cluster that made the backups.")
    until: Timestamp | None = Field(None, description="The moment to return to, in quotes; default: the latest.")


# Of the operator that Slipway installs.
OPERATOR_NAMESPACE = "cnpg-system"


class CloudNativePg(Section):
    """A PostgreSQL cluster with failover, run by the CloudNativePG operator."""

    name: ClusterName = Field(
        "postgres", description="Of the cluster and of its backups' folder; another name is another cluster."
    )
    instances: Annotated[int, Field(ge=1, le=100)] = 3
    backup: Backup | None = None
    recovery: Recovery | None = Field(None, description="Read when the cluster is made, and never again.")
    operator_namespace: Namespace = Field(
        OPERATOR_NAMESPACE, description="Where the operator runs, with platform.databaseOperator: existing."
    )


class Database(Section):
    """PostgreSQL for MLflow: one pod, a CloudNativePG cluster, or one that is there (`url`)."""

    url: Secret | None = Field(None, description="postgresql+psycopg2://user:password@host:5432/name, a secret.")
    cloud_native_pg: CloudNativePg | None = None
    storage: Storage = "1Gi"
    keep: bool = KEEP
    volume_permissions: bool = VOLUME_PERMISSIONS
    resources: Resources = Resources(requests=Requests(cpu="50m", memory="128Mi"), limits=Requests(memory="512Mi"))


class ObjectStore(Section):
    """The S3 store of MLflow's artifacts: an engine in the cluster, or any S3 endpoint (`engine: s3`)."""

    engine: Literal["minio", "versitygw", "s3"] = "minio"
    bucket: Bucket = "mlflow"
    storage: Storage = "2Gi"
    keep: bool = KEEP
    volume_permissions: bool = VOLUME_PERMISSIONS
    resources: Resources = Resources(requests=Requests(cpu="50m", memory="128Mi"), limits=Requests(memory="1Gi"))
    endpoint: BaseUrl | None = Field(None, description="engine s3: the endpoint's URL; leave it out for AWS.")
    region: Region = "us-east-1"
    access_key_id: AccessKeyId | None = Field(
        None, description="engine s3: without keys, MLflow's own identity is used."
    )
    secret_access_key: Secret | None = None
    identity: dict[AnnotationName, AnnotationValue] = Field(
        default_factory=dict,
        description=f"engine s3, instead of keys; MLflow's: {IDENTITY}.",
    )


class Tracking(Section):
    """The MLflow tracking server."""

    hosts: Sequence[Host] = Field(
        (),
        description="Host names of the server at the ingress; without one it is at /mlflow of every name.",
    )
    uri: BaseUrl | None = Field(
        None,
        description="Where this machine reaches the server; default: http://<first host>, else <address>/mlflow.",
    )
    replicas: Positive = 1
    workers: Annotated[int, Field(ge=1, le=1000)] = 1
    resources: Resources = Resources(requests=Requests(cpu="100m", memory="512Mi"), limits=Requests(memory="2Gi"))
    auth: bool = Field(
        False,
        description="Users and passwords of MLflow's own; the first one is admin, its password a secret output.",
    )
