"""A stack's settings: typed, strict. The sections are the only description of the `slipway:` keys."""

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import Field, PositiveInt

from components.settings import image_lock as lock
from components.settings.charts import ChartOverride, ChartSources
from components.settings.cluster import Cluster, Embedded, Registry
from components.settings.data import Database, ObjectStore, Tracking
from components.settings.images import Images
from components.settings.ingress import Ingress
from components.settings.models import Build, Model
from components.settings.names import OciFolder, RotatedSecret
from components.settings.platform import Platform
from components.settings.policies import Policies
from components.settings.section import Section, Text
from components.settings.security import Security
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
    rotations: dict[RotatedSecret, PositiveInt] = Field(
        default_factory=dict,
        description="How often each secret of the stack was turned over; `python -m tools rotate` counts.",
    )
    build: Build = Build()
    charts: dict[Literal[tuple(CHARTS)], ChartOverride] = Field(default_factory=dict)  # type: ignore[valid-type]
    images: dict[Literal[tuple(IMAGES)], Text] = Field(default_factory=dict)  # type: ignore[valid-type]
    image_mirror: Text | None = Field(
        None,
        description="Registry (and path) put before every image, such as registry.example.com/mirror.",
    )
    chart_mirror: OciFolder | None = Field(
        None, description="Where every chart is under its name, such as oci://registry.example.com/charts."
    )
    image_lock: Text | None = Field(
        None,
        description="File of the images' digests (tools.images --lock); default: images.lock.yaml, if there.",
    )
    knative_serving: dict[str, Any] = Field(default_factory=dict, description="Merged over the KnativeServing spec.")
    backend: Text | None = Field(
        None, description="Where `make` keeps the state, such as s3://bucket; default: a folder in the checkout."
    )

    def namespace_of(self, model: Model) -> str:
        """Where a model is served: its team's namespace, or the stack's own."""
        return str(model.team or self.namespaces.models)

    @property
    def chart_sources(self) -> ChartSources:
        return ChartSources(overrides=self.charts, mirror=self.chart_mirror)

    @property
    def image_references(self) -> Images:
        return Images(overrides=self.images, mirror=self.image_mirror, digests=lock.digests(self.image_lock))
