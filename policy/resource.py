"""What the rules look at: one resource's inputs, and the containers in them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


class Unknown:
    """A value that is known only when `up` has made what it comes from; rules let it pass, and see it then."""

    def __repr__(self) -> str:
        return "(not known yet)"


UNKNOWN = Unknown()


@dataclass(frozen=True, kw_only=True)
class Resource:
    """A resource before it is made. `type` is Pulumi's token, such as `kubernetes:apps/v1:Deployment`.

    `inputs` is a Kubernetes object's manifest; `protect` is Pulumi's option.
    """

    type: str
    name: str
    inputs: Mapping[str, Any]
    protect: bool = False

    @property
    def kind(self) -> str:
        """The Kubernetes kind; "" for anything else."""
        return self.type.rpartition(":")[2] if self.type.startswith("kubernetes:") else ""

    @property
    def group(self) -> str:
        """The API group and version, such as `apps/v1` and `v1`."""
        return self.type.split(":")[1].removeprefix("core/") if self.kind else ""

    @property
    def title(self) -> str:
        return f"{self.kind or self.type} {self.name}"

    def get(self, *path: str) -> Any:
        """The value at `path`; None when it is not there, UNKNOWN when it is not known yet."""
        value: Any = self.inputs
        for step in path:
            if value is UNKNOWN:
                return UNKNOWN
            value = value.get(step) if isinstance(value, Mapping) else None
        return value


@dataclass(frozen=True, kw_only=True)
class Container:
    """A container, and the pod's spec that it stands in."""

    resource: Resource
    spec: Mapping[str, Any]
    pod: Mapping[str, Any] = field(repr=False)

    @property
    def title(self) -> str:
        return f"{self.resource.title}, container {self.spec.get('name', '(unnamed)')}"


_LISTS = ("containers", "initContainers", "ephemeralContainers")


def pods(resource: Resource) -> Iterator[Mapping[str, Any]]:
    """Every pod's spec in the resource, wherever its kind has it: a Job's template, a predictor of KServe's."""
    if resource.kind and resource.kind != "Release":
        for _, value in walk(resource.inputs):
            if isinstance(value, Mapping) and isinstance(value.get("containers"), Sequence):
                yield value


def containers(resource: Resource) -> Iterator[Container]:
    for pod in pods(resource):
        for key in _LISTS:
            for spec in pod.get(key) or ():
                if isinstance(spec, Mapping):
                    yield Container(resource=resource, spec=spec, pod=pod)


def walk(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every value inside `value` with its path, itself first."""
    yield path, value
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from walk(item, (*path, str(key)))
    elif isinstance(value, Sequence) and not isinstance(value, str | bytes):
        for index, item in enumerate(value):
            yield from walk(item, (*path, str(index)))


def chart_key(resource: Resource, path: Sequence[str]) -> str:
    """The setting that changes a chart's value: a release is named by its key in `slipway:charts`."""
    return f"slipway:charts.{resource.name}.values.{'.'.join(path)}"
