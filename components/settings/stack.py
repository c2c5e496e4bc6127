"""A stack's settings: typed, strict. The sections are the only description of the `slipway:` keys."""

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import Field

from components.settings import image_lock as lock
from components.settings.addresses import Backend
from components.settings.buckets import BucketPath
from components.settings.charts import ChartOverride, ChartSources
from components.settings.cluster import Cluster, Embedded, Registry
from components.settings.data import Database, ObjectStore, Tracking
from components.settings.files import FilePath
from components.settings.image_references import Image, OciFolder, RegistryAddress
from components.settings.images import Images
from components.settings.ingress import GatewayPort, GatewayService, Ingress
from components.settings.models import Build, Model
from components.settings.node_ports import HTTP_NODE_PORT, HTTPS_NODE_PORT
from components.settings.platform import Platform
from components.settings.policies import Policies
from components.settings.section import Positive, Section
from components.settings.security import RotatedSecret, Security
from components.settings.teams import Namespaces, Team
from components.settings.versions import CHARTS, IMAGES

PROJECT = "slipway"


class Settings(Section):
    """Everything a stack file can set under `slipway:`."""

    cluster: Cluster
    ingress: Ingress
    tracking: Tracking = Tracking()
    embedded: Embedded | None = None
    registry: Registry | None = None
    platform: Platform = Platform()
    namespaces: Namespaces = Namespaces()
    security: Security = Security()
    policies: Policies = Policies()
    teams: Sequence[Team] = ()
    database: Database = Database()
    object_store: ObjectStore = ObjectStore()
    models: Sequence[Model] = ()
    rotations: dict[RotatedSecret, Positive] = Field(
        default_factory=dict,
        description="How often each secret of the stack was turned over; `python -m tools rotate` counts.",
    )
    build: Build = Build()
    charts: dict[Literal[tuple(CHARTS)], ChartOverride] = Field(default_factory=dict)  # type: ignore[valid-type]
    images: dict[Literal[tuple(IMAGES)], Image] = Field(default_factory=dict)  # type: ignore[valid-type]
    image_mirror: RegistryAddress | None = Field(
        None,
        description="Registry (and path) put before every image, such as registry.example.com/mirror.",
    )
    chart_mirror: OciFolder | None = Field(
        None, description="Where every chart is under its name, such as oci://registry.example.com/charts."
    )
    image_lock: FilePath | None = Field(
        None,
        description="File of the images' digests, of `python -m tools images STACK --lock`; default: images.lock.yaml.",
    )
    knative_serving: dict[str, Any] = Field(default_factory=dict, description="Merged over the KnativeServing spec.")
    backups: BucketPath | None = Field(
        None, description="s3://bucket/path where `make backup` writes; default: a folder in the checkout."
    )
    backend: Backend | None = Field(
        None, description="Where `make` keeps the state, such as s3://bucket; default: a folder in the checkout."
    )

    def namespace_of(self, model: Model) -> str:
        """Where a model is served: its team's namespace, or the stack's own."""
        return str(model.team or self.namespaces.models)

    def host_of(self, model: Model) -> str:
        """The host name that a model answers on, in either mode."""
        return f"{model.name}-{self.namespace_of(model)}.{self.ingress.domain}"

    @property
    def hosts(self) -> list[str]:
        """Every host name at the gateway."""
        models = [self.host_of(version) for model in self.models for version in model.versions]
        return [*models, *self.tracking.hosts, *([self.dashboards_host] if self.dashboards_host else [])]

    @property
    def dashboards_host(self) -> str | None:
        """Grafana's host name, which no model can have: theirs have a dash."""
        return f"grafana.{self.ingress.domain}" if self.platform.dashboards == "install" else None

    @property
    def gateway_service(self) -> GatewayService:
        """The gateway's Service; on kind it is what the cluster maps to this machine's ports."""
        if self.cluster.kind:
            ports: dict[GatewayPort, int] = {"http2": HTTP_NODE_PORT, "https": HTTPS_NODE_PORT}
            return GatewayService(type="NodePort", node_ports=ports, annotations=self.ingress.annotations)
        return GatewayService(
            type=self.ingress.service_type or "LoadBalancer",
            node_ports=self.ingress.node_ports,
            annotations=self.ingress.annotations,
        )

    @property
    def chart_sources(self) -> ChartSources:
        return ChartSources(overrides=self.charts, mirror=self.chart_mirror)

    @property
    def image_references(self) -> Images:
        return Images(overrides=self.images, mirror=self.image_mirror, digests=lock.digests(self.image_lock))
