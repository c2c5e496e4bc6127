"""The served models, and how their images are built."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field

from components.settings.addresses import HttpUrl
from components.settings.files import Argument, FilePath, Script
from components.settings.image_references import ContentDigest, ImageDigest
from components.settings.kubernetes_names import (
    ExtendedResource,
    LabelName,
    LabelValue,
    ModelName,
    ObjectName,
    OwnNamespace,
)
from components.settings.model_source import Source
from components.settings.packages import DebianPackage, PythonVersion
from components.settings.resources import Requests, Resources
from components.settings.scaling import Autoscaling, KnativeAutoscaling, Scaling
from components.settings.section import Natural, Positive, Section

# Of the canary's own InferenceService, image build and outputs.
CANARY_SUFFIX = "-canary"


class Train(Section):
    """A script that trains and registers the version that `source` asks for, run only when it is missing."""

    script: Script
    folder: FilePath | None = Field(
        None,
        description="The folder that the script is in and needs: modules, and a requirements.txt, installed first.",
    )
    args: Sequence[Argument] = ()
    resources: Resources = Resources(requests=Requests(cpu="100m", memory="512Mi"), limits=Requests(memory="2Gi"))


def _script(value: Any) -> Any:
    return {"script": value} if isinstance(value, str) else value


_Train = Annotated[Train | None, BeforeValidator(_script, json_schema_input_type=Train | str | None)]


class Canary(Section):
    """Another version of the model, which gets a share of the traffic."""

    source: Source
    image: ImageDigest | None = Field(None, description="A ready image of it, by digest; without it one is built.")
    digest: ContentDigest | None = Field(
        None,
        description="What the version's files must be, checked before it is built; `python -m tools pin` writes it.",
    )
    train: _Train = Field(None, description="What trains it when it is missing; default: the model's `train`.")
    percent: Annotated[int, Field(ge=1, le=99)]


class Objective(Section):
    """What the model's clients may expect: a service level objective over 30 days."""

    availability: Annotated[float, Field(ge=90, le=99.99)] = Field(
        description="Percent of the requests that must be answered without an error of the server, such as 99.5; the "
        "same share must be answered within `latencyMilliseconds`."
    )
    latency_milliseconds: Literal[5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000] = Field(
        description="One of the steps in which the gateway counts its answers."
    )


class Toleration(Section):
    """As in a pod's spec (https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/)."""

    key: LabelName | None = None
    operator: Literal["Exists", "Equal"] = "Equal"
    value: LabelValue | None = None
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = None


class Gpus(Section):
    """Whole accelerators for each pod of a model."""

    count: Annotated[int, Field(ge=1, le=128)] = 1
    resource: ExtendedResource = Field("nvidia.com/gpu", description="The extended resource of the device plugin.")


class ModelBuild(Section):
    """What this model's image has beside the model's own requirements."""

    packages: Sequence[DebianPackage] = Field(
        (), description="Debian packages that its libraries expect, such as libgomp1; common ones are known."
    )


class Model(Section):
    """One model: where it comes from, how it is served, how it scales."""

    name: ModelName
    source: Source
    image: ImageDigest | None = Field(
        None, description="A ready image of this model, by digest; without it the image is built and pushed."
    )
    digest: ContentDigest | None = Field(
        None,
        description="What the version's files must be, checked before it is built; `python -m tools pin` writes it.",
    )
    train: _Train = None
    python: PythonVersion | None = Field(
        None, description="The Python that it is served with, such as 3.12; default: the one it was trained with."
    )
    server: Literal["mlserver", "kserve"] | None = Field(
        None, description="The V2 server; default: MLServer where it runs on the model's Python, else KServe's own."
    )
    build: ModelBuild = ModelBuild()
    mode: Literal["Standard", "Knative"] = "Standard"
    grpc: bool = Field(
        False, description="Let clients ask over gRPC too, at the same host and with the same keys (mode Standard)."
    )
    replicas: Positive | None = Field(None, description="Manual scaling; leave it out with `autoscaling`.")
    autoscaling: Scaling | None = Field(
        None, description="An HPA with `metrics` (mode Standard), or a `class` of Knative's (mode Knative)."
    )
    resources: Resources = Resources(
        requests=Requests(cpu="100m", memory="512Mi"), limits=Requests(cpu="1", memory="1Gi")
    )
    team: OwnNamespace | None = Field(
        None, description="The team whose namespace it is in; default: namespaces.models."
    )
    canary: Canary | None = None
    objective: Objective | None = Field(
        None, description="Watched by alerts on the burn rate, with platform.dashboards: install."
    )
    rollout_seconds: Positive | None = Field(
        None,
        description="mode Knative: how long a new version takes to take over, share by share; default: none.",
    )
    node_selector: dict[LabelName, LabelValue] = Field(
        default_factory=dict, description="Labels that its nodes must have."
    )
    tolerations: Sequence[Toleration] = ()
    gpus: Gpus | None = None
    priority_class: ObjectName | None = Field(None, description="A PriorityClass that the cluster has.")
    ready_within: Annotated[int, Field(ge=1, le=86400)] = Field(
        600, description="Seconds until the model must have answered a prediction."
    )

    @property
    def canary_model(self) -> Self | None:
        """The canary as a model of its own, `<name>-canary`, with the share of the pods that its traffic needs."""
        if not self.canary:
            return None
        percent, scaling, registered = self.canary.percent, self.autoscaling, self.canary.source.startswith("models:")
        changes = {
            "name": f"{self.name}{CANARY_SUFFIX}",
            "source": self.canary.source,
            "image": self.canary.image,
            "digest": self.canary.digest,
            "train": self.canary.train or (self.train if registered else None),
            "replicas": self.replicas and _share(self.replicas, percent),
            "autoscaling": scaling and _scaled(scaling, percent),
            "canary": None,
        }
        return self.model_copy(update=changes)

    @property
    def inherits_train(self) -> bool:
        """Whether the canary is trained by what trains the model."""
        return self.canary is not None and self.canary.train is None

    @property
    def versions(self) -> Sequence[Self]:
        """The model, and its canary if it has one: what is served."""
        return (self, self.canary_model) if self.canary_model else (self,)


def _scaled(scaling: Autoscaling | KnativeAutoscaling, percent: int) -> Autoscaling | KnativeAutoscaling:
    share = {"min": _share(scaling.min, percent), "max": _share(scaling.max, percent)}
    return scaling.model_copy(update=share)


def _share(pods: int, percent: int) -> int:
    """At least one pod, of any: KServe's own rule for a canary."""
    return -(-pods * percent // 100)


class Build(Section):
    """What the image build needs on a corporate network."""

    ca_bundle: FilePath | None = Field(None, description="PEM file of this machine with the CAs of the package index.")
    package_index: HttpUrl | None = Field(None, description="Package index for the image build, without credentials.")
    packages: Sequence[DebianPackage] = Field((), description="Debian packages for the images of all models.")
    keep_images: Natural = Field(
        5, description="How many images of each model `make prune` keeps, the newest, beside those that are in use."
    )
