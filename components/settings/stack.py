"""A stack's settings: typed, strict, read once.

The sections are the only description of the `slipway:` keys; `load` reads them from Pulumi, `parse` from plain data,
and both refuse unknown keys, wrong types and settings that contradict each other before anything is created.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Self

import pulumi
from pydantic import Field, PositiveInt, ValidationError

from components.platform.charts import ChartOverride, Charts
from components.settings import image_lock as lock
from components.settings import problems
from components.settings.cluster import Cluster, Embedded, Registry
from components.settings.data import Database, ObjectStore, Tracking
from components.settings.images import Images
from components.settings.ingress import Ingress
from components.settings.models import Build, Model
from components.settings.names import OciFolder
from components.settings.platform import Platform
from components.settings.policies import Policies
from components.settings.problems import SettingsError
from components.settings.rules.stack import check
from components.settings.section import Section, Text
from components.settings.security import Security
from components.settings.teams import Namespaces, Team
from components.settings.versions import CHARTS, IMAGES

PROJECT = "slipway"


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
    build: Build = Build()
    charts: dict[Literal[tuple(CHARTS)], Chart] = Field(default_factory=dict)  # type: ignore[valid-type]
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

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> Self:
        """Settings from the values of the `slipway:` keys, without the prefix. Raises SettingsError: every fault."""
        try:
            settings = cls.model_validate(data)
        except ValidationError as error:
            raise SettingsError(problems.of(error, data, cls)) from None
        if faults := check(settings):
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
        texts = {"backend", "imageMirror", "chartMirror", "imageLock"}
        data = {key: config.get(key) if key in texts else config.get_object(key) for key in present}
        # Pulumi.yaml must give a default to every key that may be left out; an empty one means just that.
        return cls.parse({key: value for key, value in data.items() if value not in ({}, [], "")})

    def namespace_of(self, model: Model) -> str:
        """Where a model is served: its team's namespace, or the stack's own."""
        return str(model.team or self.namespaces.models)

    @property
    def chart_overrides(self) -> Charts:
        overrides = {key: chart.override() for key, chart in self.charts.items()}
        return Charts(overrides=overrides, mirror=self.chart_mirror)

    @property
    def image_references(self) -> Images:
        return Images(overrides=self.images, mirror=self.image_mirror, digests=lock.digests(self.image_lock))
