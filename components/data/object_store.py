"""The S3 store of MLflow's artifacts: MinIO or Versity's gateway in the cluster, or any S3 endpoint."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pulumi_kubernetes as k8s
from pulumi import Input, Output, ResourceOptions

from components import settings as s
from components.context import Context
from components.data import fingerprint, volume_server
from components.dynamic.password import Password
from components.kubernetes import pods
from components.kubernetes.namespaces import DATA_ACCOUNT
from components.settings.images import Images

ACCESS_KEY = "mlflow"
_UID = 1000
_LABELS = pods.labels("object-store")


@dataclass(frozen=True, kw_only=True)
class Engine:
    """How one S3 server is run: S3 on one port, nothing else. `credentials` maps its variables to the Secret's keys."""

    args: tuple[str, ...]
    port: int
    health: str
    credentials: Mapping[str, str]
    env: Mapping[str, str] = field(default_factory=dict)


ENDPOINT = "MLFLOW_S3_ENDPOINT_URL"
_SECRET_KEYS = {"access": "AWS_ACCESS_KEY_ID", "secret": "AWS_SECRET_ACCESS_KEY"}

ENGINES = {
    "minio": Engine(
        args=("server", "/data", "--address", ":9000"),
        port=9000,
        health="/minio/health/ready",
        credentials={"MINIO_ROOT_USER": _SECRET_KEYS["access"], "MINIO_ROOT_PASSWORD": _SECRET_KEYS["secret"]},
        # No console on a port of its own choice, and no question at its maker's about newer releases.
        env={"MINIO_BROWSER": "off", "MINIO_UPDATE": "off"},
    ),
    # One port, no console, nothing sent home; objects are plain files, what S3 knows besides is in their attributes.
    "versitygw": Engine(
        args=("--port", ":7070", "--health", "/health", "posix", "/data"),
        port=7070,
        health="/health",
        credentials={"ROOT_ACCESS_KEY": _SECRET_KEYS["access"], "ROOT_SECRET_KEY": _SECRET_KEYS["secret"]},
    ),
}

# Retries for as long as a slow image pull of the store may take; a bucket that is there is what was wanted.
MAKE_BUCKET = """\
import os, boto3, botocore.config
s3 = boto3.client("s3", endpoint_url=os.environ["MLFLOW_S3_ENDPOINT_URL"],
    config=botocore.config.Config(retries={"max_attempts": 60, "mode": "standard"}, connect_timeout=5))
try:
    s3.create_bucket(Bucket=os.environ["BUCKET"])
except (s3.exceptions.BucketAlreadyOwnedByYou, s3.exceptions.BucketAlreadyExists):
    pass
print("bucket", os.environ["BUCKET"], "is there")
"""


@dataclass(frozen=True, kw_only=True)
class ObjectStoreArgs:
    context: Context
    namespace: Output[str]

    @property
    def settings(self) -> s.ObjectStore:
        return self.context.settings.object_store


def stateful_set_spec(
    images: Images,
    settings: s.ObjectStore,
    secret: Input[str],
    claim: Input[str],
    annotations: Mapping[str, Input[str]],
) -> dict[str, Any]:
    engine = ENGINES[settings.engine]
    container = {
        "name": settings.engine,
        "image": images[settings.engine],
        "args": list(engine.args),
        "env": [
            *(pods.secret_env(name, secret, key) for name, key in engine.credentials.items()),
            *pods.env(dict(engine.env)),
        ],
        "ports": [{"name": "s3", "containerPort": engine.port}],
        "resources": settings.resources.manifest(),
        **volume_server.probes(pods.http_probe(engine.health, engine.port)),
    }
    return volume_server.spec(
        "object-store",
        _LABELS,
        container,
        settings,
        images,
        claim,
        user=_UID,
        mount="/data",
        annotations=annotations,
    )


class ObjectStore(pulumi.ComponentResource):
    """`env` is what an S3 client in the cluster needs: endpoint, region and the keys (by reference), if any.

    `identity` is what its ServiceAccount is annotated with, where a cloud identity stands in place of keys. With
    `keep`, all that holds the data or is needed to read it is protected: the engine refuses to delete or replace it.
    """

    bucket: str
    identity: dict[str, str]
    env: list[dict[str, Any]]
    # The keys, if any, as a server reads them at its start.
    secrets: list[Input[str]]

    def __init__(self, name: str, args: ObjectStoreArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("slipway:data:ObjectStore", name, None, opts)
        settings = args.settings
        kept = ResourceOptions(parent=self, protect=settings.keep)
        in_cluster = settings.engine in ENGINES
        self.bucket = settings.bucket
        self.identity = settings.identity
        self.secrets = []
        self.env = pods.env({"AWS_DEFAULT_REGION": settings.region})
        if in_cluster:
            port = ENGINES[settings.engine].port
            self.env += pods.env({ENDPOINT: Output.concat("http://object-store.", args.namespace, f":{port}")})
        elif settings.endpoint:
            self.env += pods.env({ENDPOINT: settings.endpoint})
        if in_cluster or settings.secret_access_key:
            secret = self._secret(args, kept)
            self.env += [pods.secret_env(key, secret, key) for key in _SECRET_KEYS.values()]
            if in_cluster:
                self._serve(args, secret, kept)
                self._make_bucket(args)
        self.register_outputs({"bucket": self.bucket})

    def _secret(self, args: ObjectStoreArgs, kept: ResourceOptions) -> Output[str]:
        given, key_id = args.settings.secret_access_key, args.settings.access_key_id or ACCESS_KEY
        value = Output.secret(given.get_secret_value()) if given else self._password(args, kept)
        self.secrets = [key_id, value]
        return k8s.core.v1.Secret(
            "object-store",
            metadata={"name": "object-store", "namespace": args.namespace},
            string_data={_SECRET_KEYS["access"]: key_id, _SECRET_KEYS["secret"]: value},
            opts=kept,
        ).metadata["name"]

    def _password(self, args: ObjectStoreArgs, kept: ResourceOptions) -> Output[str]:
        generation = args.context.settings.rotations.get("store", 0)
        return Password("object-store-password", kept, generation=generation).value

    def _serve(self, args: ObjectStoreArgs, secret: Output[str], kept: ResourceOptions) -> None:
        metadata = {"name": "object-store", "namespace": args.namespace, "labels": _LABELS}
        claim = volume_server.volume("object-store", args.namespace, args.settings, kept)
        k8s.core.v1.Service(
            "object-store",
            metadata={**metadata, "annotations": {"pulumi.com/skipAwait": "true"}},
            spec={"selector": _LABELS, "ports": [{"name": "s3", "port": ENGINES[args.settings.engine].port}]},
            opts=kept,
        )
        k8s.apps.v1.StatefulSet(
            "object-store",
            metadata=metadata,
            spec=stateful_set_spec(
                args.context.images,
                args.settings,
                secret,
                claim,
                fingerprint.annotations("object-store", self.secrets, ResourceOptions(parent=self)),
            ),
            opts=kept,
        )

    def _make_bucket(self, args: ObjectStoreArgs) -> None:
        scratch, tmp = pods.scratch("tmp")
        k8s.batch.v1.Job(
            "bucket",
            metadata={"name": f"bucket-{self.bucket}", "namespace": args.namespace},
            spec={
                "backoffLimit": 6,
                "template": {
                    "metadata": {"labels": pods.labels("bucket")},
                    "spec": {
                        "restartPolicy": "OnFailure",
                        "serviceAccountName": DATA_ACCOUNT,
                        "automountServiceAccountToken": False,
                        "securityContext": pods.pod_security(_UID),
                        "containers": [
                            {
                                "name": "bucket",
                                "image": args.context.images["mlflow"],
                                "command": ["python", "-c", MAKE_BUCKET],
                                "env": [*self.env, *pods.env({"BUCKET": self.bucket})],
                                "resources": pods.SMALL,
                                "securityContext": pods.CONTAINER,
                                "volumeMounts": [tmp],
                            }
                        ],
                        "volumes": [scratch],
                    },
                },
            },
            opts=ResourceOptions(parent=self),
        )
