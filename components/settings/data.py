"""MLflow, and where it keeps what it knows."""

from collections.abc import Sequence
from typing import Literal

from pydantic import Field, PositiveInt, SecretStr

from components.settings.names import Bucket, Host, HttpUrl
from components.settings.quantity import Quantity
from components.settings.resources import Requests, Resources
from components.settings.section import Section, Text

VOLUME_PERMISSIONS = Field(
    False,
    description="Hand the volume to the server's user in an init container that runs as root: for storage classes "
    "that ignore fsGroup, such as host-path.",
)


class Backup(Section):
    """Base backups and the log of a CloudNativePG cluster, kept in an S3 bucket."""

    schedule: Text = Field("0 0 2 * * *", description="Cron with seconds, as CloudNativePG reads it.")
    destination: Text = Field(description="s3://bucket/path")
    retention: Text = Field("30d", description="Days, weeks or months, such as 30d, 4w, 6m.")


class CloudNativePg(Section):
    """A PostgreSQL cluster with failover, run by the CloudNativePG operator."""

    instances: PositiveInt = 3
    backup: Backup | None = None


class Database(Section):
    """PostgreSQL for MLflow: one pod, a CloudNativePG cluster, or one that is there (`url`)."""

    cloud_native_pg: CloudNativePg | None = None

    url: SecretStr | None = Field(None, description="postgresql+psycopg2://user:password@host:5432/name, a secret.")
    storage: Quantity = "1Gi"
    keep: bool = Field(False, description="Keep the volume when the stack is destroyed.")
    volume_permissions: bool = VOLUME_PERMISSIONS
    resources: Resources = Resources(requests=Requests(cpu="50m", memory="128Mi"), limits=Requests(memory="512Mi"))


class ObjectStore(Section):
    """The S3 store of MLflow's artifacts: an engine in the cluster, or any S3 endpoint (`engine: s3`)."""

    engine: Literal["minio", "seaweedfs", "s3"] = "minio"
    bucket: Bucket = "mlflow"
    storage: Quantity = "2Gi"
    keep: bool = Field(False, description="Keep the volume when the stack is destroyed.")
    volume_permissions: bool = VOLUME_PERMISSIONS
    resources: Resources = Resources(requests=Requests(cpu="50m", memory="128Mi"), limits=Requests(memory="1Gi"))
    endpoint: HttpUrl | None = Field(None, description="engine s3: the endpoint's URL; leave it out for AWS.")
    region: Text = "us-east-1"
    access_key_id: Text | None = Field(None, description="engine s3: without keys, the pods' own identity is used.")
    secret_access_key: SecretStr | None = None
    identity: dict[Text, Text] = Field(
        default_factory=dict,
        description="engine s3: annotations of MLflow's ServiceAccount that name its cloud identity, instead of keys.",
    )


class Tracking(Section):
    """The MLflow tracking server."""

    hosts: Sequence[Host] = Field(
        (),
        description="Host names of the server at the ingress; without one it is at /mlflow of every name.",
    )
    uri: HttpUrl | None = Field(
        None,
        description="Where this machine reaches the server; default: http://<first host>, else <address>/mlflow.",
    )
    replicas: PositiveInt = 1
    workers: PositiveInt = 1
    resources: Resources = Resources(requests=Requests(cpu="100m", memory="512Mi"), limits=Requests(memory="2Gi"))
    auth: bool = Field(False, description="MLflow's own users; the admin's password is a secret output.")
