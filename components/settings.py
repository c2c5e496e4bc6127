"""A stack's settings: typed, strict, read once.

The models below are the only description of the `slipway:` keys; `load` reads them from Pulumi, `parse` from plain
data, and both refuse unknown keys, wrong types and settings that contradict each other before anything is created.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, Self

import pulumi
from pydantic import BeforeValidator, Field, PositiveInt, SecretStr, ValidationError

from components import problems, rules
from components.charts import ChartOverride, Charts
from components.images import Images
from components.names import (
    Bucket,
    ClusterName,
    Domain,
    Host,
    HttpUrl,
    ImageDigest,
    KubernetesVersion,
    ModelName,
    Namespace,
    RegistryAddress,
    Source,
)
from components.problems import Problem, SettingsError
from components.quantity import Quantity
from components.scaling_settings import Autoscaling, KnativeAutoscaling, Scaling
from components.section import Section, Text
from components.versions import CHARTS, IMAGES

PROJECT = "slipway"

Port = Annotated[int, Field(ge=1, le=65535)]
Part = Literal["install", "existing", "off"]
GatewayPort = Literal["http2", "https", "status-port"]


class Kind(Section):
    """A kind cluster that Slipway makes, with a registry beside it."""

    name: ClusterName
    node_image: Text | None = Field(None, description="The node image; default: the pin in components/versions.py.")
    workers: Annotated[int, Field(ge=0, le=20)] = 0
    http_port: Port = Field(8080, description="Port on 127.0.0.1 that reaches the ingress.")
    https_port: Port = Field(8443, description="Port on 127.0.0.1 that reaches the ingress with TLS.")
    registry_port: Port = Field(5001, description="Port on 127.0.0.1 of the local registry.")
    mirrors: dict[Text, Text] = Field(
        default_factory=dict,
        description="Registry host to the URL that the nodes pull it from, such as http://10.0.0.5:5000.",
    )
    adopt: bool = Field(False, description="Take over a cluster of this name that Slipway did not create.")


class Existing(Section):
    """A cluster that is there already."""

    kubeconfig: Text = Field(description="Path of the kubeconfig file.")
    context: Text


class Cluster(Section):
    """Exactly one of `kind` and `existing`."""

    kind: Kind | None = None
    existing: Existing | None = None
    kubernetes: KubernetesVersion | None = Field(
        None, description='The cluster\'s minor version, such as "1.35": for fields that an older one drops silently.'
    )


class Embedded(Section):
    """A cluster without containers on this machine, which `make` starts for `cluster.existing` (tools/embedded)."""

    api_port: Port | None = Field(None, description="Port on 127.0.0.1 of the API server; default: a free one, kept.")
    tracking_port: Port | None = Field(None, description="Port on 127.0.0.1 of MLflow; default: a free one, kept.")
    model_port: Port | None = Field(None, description="Port on 127.0.0.1 of the model; default: a free one, kept.")


class Registry(Section):
    """Where the model images are pushed; a kind cluster has its own."""

    address: RegistryAddress
    username: Text | None = None
    password: SecretStr | None = None


class Platform(Section):
    """What Slipway installs, finds installed, or does without."""

    certificates: Part = Field("install", description="cert-manager")
    mesh: Part = Field("install", description="Istio: base, istiod and the ingress gateway")
    serverless: Part = Field("install", description="Knative Serving by its operator")
    serving: Part = Field("install", description="KServe")
    serving_runtimes: bool = Field(False, description="KServe's own serving runtimes; a model image needs none.")
    metrics_server: Part = Field("install", description="metrics-server, for models that scale on cpu or memory")
    prometheus: Part = Field("install", description="Prometheus, for models that scale on a query")
    prometheus_url: HttpUrl | None = Field(
        None, description="prometheus existing: where it answers inside the cluster, with its port."
    )
    metrics_adapter: Part = Field("install", description="prometheus-adapter, for models that scale on a query")


class Ingress(Section):
    """How requests reach the cluster."""

    domain: Domain = Field(
        description="Models answer on <model>-<namespace>.<domain>, or <model>.<namespace>.<domain> in Knative mode."
    )
    address: Text | None = Field(
        None,
        description="host:port at which this machine reaches the gateway; default: the kind port, else each host.",
    )
    class_name: Text = Field("istio", description="IngressClass of the Ingress objects.")
    service_type: Literal["NodePort", "LoadBalancer", "ClusterIP"] = "LoadBalancer"
    node_ports: dict[GatewayPort, Port] = Field(default_factory=dict)


class Requests(Section):
    cpu: Quantity | None = None
    memory: Quantity | None = None


class Resources(Section):
    """A container's requests and limits, as Kubernetes quantities."""

    requests: Requests = Requests()
    limits: Requests = Requests()

    def manifest(self) -> dict[str, dict[str, str]]:
        return self.model_dump(exclude_none=True)


VOLUME_PERMISSIONS = Field(
    False,
    description="Hand the volume to the server's user in an init container that runs as root: for storage classes "
    "that ignore fsGroup, such as host-path.",
)


class Database(Section):
    """PostgreSQL for MLflow: in the cluster, or one that is there (`url`)."""

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


class Train(Section):
    """A script that trains and registers the version that `source` asks for, run only when it is missing."""

    script: Text
    args: Sequence[str] = ()
    resources: Resources = Resources(requests=Requests(cpu="100m", memory="512Mi"), limits=Requests(memory="2Gi"))


def _script(value: Any) -> Any:
    return {"script": value} if isinstance(value, str) else value


class Model(Section):
    """One model: where it comes from, how it is served, how it scales."""

    name: ModelName
    source: Source
    image: ImageDigest | None = Field(
        None, description="A ready image of this model, by digest; without it the image is built and pushed."
    )
    train: Annotated[Train | None, BeforeValidator(_script, json_schema_input_type=Train | str | None)] = None
    mode: Literal["Standard", "Knative"] = "Standard"
    replicas: PositiveInt | None = Field(None, description="Manual scaling; leave it out with `autoscaling`.")
    autoscaling: Scaling | None = Field(
        None, description="An HPA with `metrics` (mode Standard), or a `class` of Knative's (mode Knative)."
    )
    resources: Resources = Resources(
        requests=Requests(cpu="100m", memory="512Mi"), limits=Requests(cpu="1", memory="1Gi")
    )
    ready_within: PositiveInt = Field(600, description="Seconds until the model must have answered a prediction.")


class Build(Section):
    """What the image build needs on a corporate network."""

    ca_bundle: Text | None = Field(None, description="PEM file with the CAs that the package index is signed by.")
    package_index: HttpUrl | None = Field(None, description="Package index for the image build, without credentials.")


class Chart(Section):
    """Overrides of one chart, over the pin and the values that Slipway sets."""

    chart: Text | None = Field(None, description="Another chart: a name, an oci:// reference or a local path.")
    repository: Text | None = None
    version: Text | None = None
    timeout_seconds: PositiveInt | None = None
    values: dict[str, Any] = Field(default_factory=dict)

    def override(self) -> ChartOverride:
        return ChartOverride(
            chart=self.chart,
            repository=self.repository,
            version=self.version,
            timeout=self.timeout_seconds,
            values=self.values,
        )


class Namespaces(Section):
    data: Namespace = Field("mlops", description="Database, object store and MLflow.")
    models: Namespace = Field("models", description="The served models.")


class Settings(Section):
    """Everything a stack file can set under `slipway:`."""

    cluster: Cluster
    ingress: Ingress
    tracking: Tracking = Tracking()
    embedded: Embedded | None = None
    registry: Registry | None = None
    platform: Platform = Platform()
    namespaces: Namespaces = Namespaces()
    database: Database = Database()
    object_store: ObjectStore = ObjectStore()
    models: Sequence[Model] = ()
    build: Build = Build()
    charts: dict[Literal[tuple(CHARTS)], Chart] = Field(default_factory=dict)  # type: ignore[valid-type]
    images: dict[Literal[tuple(IMAGES)], Text] = Field(default_factory=dict)  # type: ignore[valid-type]
    image_mirror: Text | None = Field(
        None,
        description="Registry (and path) put before the images of Slipway and of its charts; not Knative's own.",
    )
    knative_serving: dict[str, Any] = Field(default_factory=dict, description="Merged over the KnativeServing spec.")
    backend: Text | None = Field(
        None, description="Where `make` keeps the state, such as s3://bucket; default: a folder in the checkout."
    )

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> Self:
        """Settings from the values of the `slipway:` keys, without the prefix. Raises SettingsError: every fault."""
        try:
            settings = cls.model_validate(data)
        except ValidationError as error:
            raise SettingsError(problems.of(error, data, cls)) from None
        if faults := rules.check(settings):
            raise SettingsError(faults)
        return settings

    @classmethod
    def load(cls) -> Self:
        """Settings of the stack that Pulumi is running. Raises SettingsError."""
        config = pulumi.Config(PROJECT)
        known = {field.alias: name for name, field in cls.model_fields.items() if field.alias}
        present = {
            key.removeprefix(f"{PROJECT}:")
            for key in pulumi.runtime.config.CONFIG.get()
            if key.startswith(f"{PROJECT}:")
        }
        if unknown := present - set(known):
            raise SettingsError([problems.unknown_key(key, list(known)) for key in sorted(unknown)])
        texts = {"backend", "imageMirror"}
        data = {key: config.get(key) if key in texts else config.get_object(key) for key in present}
        # Pulumi.yaml must give a default to every key that may be left out; an empty one means just that.
        return cls.parse({key: value for key, value in data.items() if value not in ({}, [], "")})

    @property
    def chart_overrides(self) -> Charts:
        return Charts(overrides={key: chart.override() for key, chart in self.charts.items()})

    @property
    def image_references(self) -> Images:
        return Images(overrides=self.images, mirror=self.image_mirror)


__all__ = ["Autoscaling", "KnativeAutoscaling", "Problem", "Settings", "SettingsError"]
