"""A part of the platform as plain facts: where it lives, how it is recognised, what it needs and what it leaves behind.

Each part is declared once, in a file of its own; whatever asks about parts derives its answer from these declarations.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from pydantic.alias_generators import to_camel

from components.settings.problems import Path
from components.settings.stack import Settings


@dataclass(frozen=True, kw_only=True)
class PartNamespace:
    """A namespace of a part, and the ports that its NetworkPolicy opens."""

    name: str
    # To callers that no selector can name: the API server (webhooks, aggregated APIs), or the world (the ingress).
    open_ports: tuple[int, ...] = ()
    # To the ingress gateway, and to Knative, which probes it.
    gateway_ports: tuple[int, ...] = ()
    # The Pod Security level that its workloads are fit for, where that is less than "restricted".
    pod_security: Literal["privileged", "baseline"] | None = None
    # Of Kubernetes itself, and so in every cluster.
    shared: bool = False


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """How a Deployment of a part is recognised in a cluster, whoever installed it: by what of these is said."""

    title: str
    name: str | None = None
    namespace: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Controller:
    """A Deployment that removes finalizers, or whose webhook must let that pass."""

    namespace: str
    name: str
    # Whether its name alone tells it, where somebody has it in another namespace.
    telling: bool = True

    def __str__(self) -> str:
        return f"Deployment {self.namespace}/{self.name}"


@dataclass(frozen=True, kw_only=True)
class Finalizer:
    """A finalizer, the kinds (CRD names) that carry it, and the controllers without which it stays."""

    name: str
    kinds: tuple[str, ...]
    controllers: tuple[Controller, ...]


@dataclass(frozen=True, kw_only=True)
class OptionalChart:
    """Installed with its part where `asked`; `setting` is what asks for it."""

    setting: str
    asked: Callable[[Settings], bool]


def always(_settings: Settings) -> bool:
    return True


@dataclass(frozen=True, kw_only=True)
class Part:
    """`setting` is its field in `slipway:platform`."""

    setting: str
    title: str
    # What the setting says where the stack installs it; another word than `install` is of a part in place of another.
    word: str = "install"
    # By their keys in versions.CHARTS, and those that are installed only where the settings ask for them.
    charts: tuple[str, ...]
    optional_charts: Mapping[str, OptionalChart] = field(default_factory=dict)
    namespaces: tuple[PartNamespace, ...] = ()
    # Whether something of the stack stands on it.
    needed: Callable[[Settings], bool] = always

    # API groups of the CRDs that outlive its charts.
    crd_groups: tuple[str, ...] = ()
    # Label (key=value) of ConfigMaps that its controller writes into every namespace.
    config_maps: str | None = None
    # Labels of what its operator makes, which no Helm release owns.
    operated: Mapping[str, str] = field(default_factory=dict)
    finalizers: tuple[Finalizer, ...] = ()

    # Deployments that show that it is there, and those that must run where it is taken as it is.
    signs: tuple[Deployment, ...] = ()
    required: tuple[Deployment, ...] = ()
    # CRDs, and the version of each that must be served.
    kinds: tuple[tuple[str, str], ...] = ()
    # Aggregated APIs, one of which must answer.
    api_groups: tuple[str, ...] = ()

    # The chart whose version the two below go by, or what an operator installs.
    version_of: str = ""
    # The lowest and the highest minor version that Slipway's other parts go with.
    supported: tuple[str, str] | None = None
    # By its minor version: the lowest Kubernetes that it runs on, and the highest that it was tested with (None: not
    # said).
    kubernetes: Mapping[str, tuple[str, str | None]] = field(default_factory=dict)

    @property
    def key(self) -> Path:
        """Where the stack file says what is to become of it."""
        return "platform", to_camel(self.setting)

    def installation(self, settings: Settings) -> str:
        return str(getattr(settings.platform, self.setting))

    def installed(self, settings: Settings) -> bool:
        """Whether the stack installs it."""
        return self.installation(settings) == self.word and self.needed(settings)

    def existing(self, settings: Settings) -> bool:
        """Whether the stack stands on one that is there."""
        return self.word == "install" and self.installation(settings) == "existing" and self.needed(settings)

    def charts_of(self, settings: Settings) -> tuple[str, ...]:
        """The charts that the stack installs for it."""
        if not self.installed(settings):
            return ()
        return (*self.charts, *(key for key, chart in self.optional_charts.items() if chart.asked(settings)))
