"""Where the autoscalers come from: a stack file's models, or manifests, with what the command line says of the work."""

import copy
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from components.settings import Autoscaling, Settings, SettingsError, parse_settings, scaled_object
from components.settings.autoscaler_manifest import spec as spec_of
from components.settings.demand import MESH_REQUESTS
from components.settings.scaling import MODEL_CONTAINER
from hpa import conversion, manifest
from hpa.incidents import NONE, Incidents
from hpa.problem import HpaError
from hpa.simulation import Model
from hpa.spec import Autoscaler
from hpa.workload import Sidecar, Workload
from tools import stack_file

SHORT = {"min": "minReplicas", "max": "maxReplicas"}
# What Istio's proxy uses beside a model, about.
_PROXY = ("istio-proxy", 5, 64 * 2**20)


@dataclass(frozen=True)
class Declared:
    """An autoscaler as it is written: an autoscaling/v2 `spec`, from `where`, over pods that do `workload`.

    `notes` are what its reader should know; `autoscalers` is how many have the same target.
    """

    name: str
    where: str
    spec: Mapping[str, Any]
    workload: Workload
    notes: tuple[str, ...] = ()
    autoscalers: int = 1

    def model(self, replicas: int | None = None, incidents: Incidents = NONE) -> Model:
        """Ready to be simulated, from `replicas` (default: the least). Raises HpaError."""
        autoscaler = manifest.from_spec(self.spec, self.where)
        for problem in manifest.mismatches(self.spec, self.where):
            raise HpaError(problem)
        first = autoscaler.min if replicas is None else replicas
        return Model(self.name, autoscaler, self.workload, first, incidents, self.autoscalers)

    def altered(self, changes: Sequence[str]) -> "Declared":
        """With `KEY=VALUE` changes: min, max, target (of the first metric), or a path in the spec. Raises HpaError."""
        spec = copy.deepcopy(dict(self.spec))
        for change in changes:
            key, equals, text = change.partition("=")
            where = f"--set {change}"
            if not equals or not all(key.split(".")):
                raise HpaError(f"{where}: write KEY=VALUE, such as max=20, target=50 or behavior.scaleDown=null")
            try:
                value = yaml.safe_load(text)
            except (yaml.YAMLError, ValueError, RecursionError):
                raise HpaError(f"{where}: {text} is not YAML") from None
            if key == "target":
                _set_target(spec, value)
            else:
                _set(spec, SHORT.get(key, key).split("."), value, where)
            manifest.from_spec(spec, f"{where}: spec")
        return replace(self, name=f"{self.name} with {' '.join(changes)}", spec=spec)


def read(path: Path, base: Workload, given: Mapping[str, Any], *, to_zero: bool = False) -> list[Declared]:
    """The autoscalers in a stack file or in a YAML file of manifests.

    A model's own requests and limits replace those of `base`; what is `given` (fields of Workload) replaces both.
    `to_zero` is the feature gate HPAScaleToZero, without which `minReplicas: 0` is refused. Raises HpaError.
    """
    documents = _documents(path)
    if len(documents) == 1 and isinstance(documents[0], dict) and "config" in documents[0]:
        found = list(_of_stack(path, base))
    else:
        found = list(_of_manifests(documents, path, base))
    if not found:
        raise HpaError(f"{path}: no model with `autoscaling` in it, and no HorizontalPodAutoscaler")
    for entry in found:
        if entry.spec.get("minReplicas") == 0 and not to_zero:
            raise HpaError(
                f"{entry.where}.minReplicas: 0: Kubernetes refuses it without its feature gate HPAScaleToZero: "
                "write at least 1, or give --scale-to-zero"
            )
    return [replace(entry, workload=replace(entry.workload, **given)) for entry in found]


def _documents(path: Path) -> list[Any]:
    try:
        return [entry for entry in yaml.safe_load_all(path.read_text(encoding="utf-8")) if entry is not None]
    except UnicodeDecodeError:
        raise HpaError(f"{path}: not UTF-8: write a text file") from None
    except OSError as error:
        raise HpaError(f"{path}: {error.strerror}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise HpaError(f"{path}: not YAML: {' '.join(str(error).split())}") from None


def _of_stack(path: Path, base: Workload) -> Iterator[Declared]:
    try:
        settings = parse_settings(stack_file.settings_of(stack_file.effective(path)))
    except stack_file.StackFileError as error:
        raise HpaError(str(error)) from None
    except SettingsError as error:
        raise HpaError("\n".join(f"{path}: {problem}" for problem in error.problems)) from None
    for index, model in enumerate(settings.models):
        if not isinstance(model.autoscaling, Autoscaling):
            continue
        requests, limits = model.resources.requests, model.resources.limits
        where = f"{path}: slipway:models[{index}].autoscaling"
        cpu, memory = requests.cpu or limits.cpu, requests.memory or limits.memory
        workload = replace(
            base,
            container=MODEL_CONTAINER,
            sidecars=_sidecars(settings),
            request=manifest.milli(cpu, where) if cpu else base.request,
            limit=manifest.milli(limits.cpu, where) if limits.cpu else base.limit,
            memory_request=manifest.milli(memory, where) // 1000 if memory else base.memory_request,
        )
        yield Declared(model.name, where, _spec(settings, model.autoscaling, model.name), workload)


def _spec(settings: Settings, scaling: Autoscaling, name: str) -> Mapping[str, Any]:
    """Of the HPA that Slipway makes, or KEDA from what Slipway makes."""
    if settings.platform.metrics_adapter == "keda" and scaled_object.follows_queries(scaling):
        return scaled_object.hpa_spec(scaling, name, name)
    return spec_of(scaling, name)


def _sidecars(settings: Settings) -> tuple[Sidecar, ...]:
    if not settings.security.mutual_tls:
        return ()
    name, use, memory = _PROXY
    cpu, memory_request = (manifest.milli(MESH_REQUESTS[key], name) for key in ("cpu", "memory"))
    proxy = Sidecar(name=name, request=cpu, use=use, memory_request=memory_request // 1000, memory=memory)
    return (proxy,)


def _of_manifests(documents: Sequence[Any], path: Path, base: Workload) -> list[Declared]:
    manifests = list(_autoscalers(documents, path))
    names = Counter(str(_metadata(entry, path).get("name")) for entry in manifests)
    targets = [_target(entry) for entry in manifests]
    counts = [1 if target is None else targets.count(target) for target in targets]
    return [
        replace(declared, autoscalers=count, notes=(*declared.notes, *_rivals(declared, count)))
        for count, entry in zip(counts, manifests, strict=True)
        for declared in [_of_manifest(entry, path, base, names)]
    ]


def _rivals(declared: Declared, count: int) -> tuple[str, ...]:
    if count < 2:
        return ()
    return (
        f"{declared.where}: {count} autoscalers have this target, so Kubernetes stops them all (AmbiguousSelector): "
        "put their metrics into one",
    )


def _autoscalers(documents: Sequence[Any], path: Path) -> Iterator[Mapping[str, Any]]:
    """The HorizontalPodAutoscalers, those in a List too (`kubectl get hpa -o yaml`)."""
    for document in documents:
        if not isinstance(document, Mapping):
            continue
        if document.get("kind") == "HorizontalPodAutoscaler":
            yield document
        elif str(document.get("kind")).endswith("List") and isinstance(document.get("items"), list):
            items = [
                {"apiVersion": document.get("apiVersion"), "kind": "HorizontalPodAutoscaler", **item}
                if isinstance(item, Mapping) and document["kind"] == "HorizontalPodAutoscalerList"
                else item
                for item in document["items"]
            ]
            yield from _autoscalers(items, path)


def _metadata(document: Mapping[str, Any], path: Path) -> Mapping[str, Any]:
    return manifest.mapping(document.get("metadata") or {}, f"{path}: metadata")


def _target(document: Mapping[str, Any]) -> tuple[str, str, str] | None:
    """The namespace, kind and name of what is scaled."""
    spec, metadata = document.get("spec"), document.get("metadata")
    reference = spec.get("scaleTargetRef") if isinstance(spec, Mapping) else None
    if not isinstance(reference, Mapping):
        return None
    namespace = metadata.get("namespace") if isinstance(metadata, Mapping) else None
    return str(namespace or "default"), str(reference.get("kind")), str(reference.get("name"))


def _of_manifest(document: Mapping[str, Any], path: Path, base: Workload, names: Counter[str]) -> Declared:
    metadata = _metadata(document, path)
    written = metadata.get("name")
    name = path.stem if written is None else manifest.object_name(written, f"{path}: metadata.name")
    if names[str(written)] > 1 and metadata.get("namespace"):
        name = f"{metadata['namespace']}/{name}"
    spec = manifest.spec_of(document, f"{path}: {name}")
    autoscaler = manifest.from_spec(spec, f"{path}: {name}: spec")
    note = conversion.note(str(document.get("apiVersion")))
    work = _over(autoscaler, base)
    return Declared(name, f"{path}: {name}: spec", spec, work, (f"{path}: {name}: {note}",) if note else ())


def _over(autoscaler: Autoscaler, base: Workload) -> Workload:
    """The work with every container that the metrics name: the first does it, the others are beside it."""
    named = list(dict.fromkeys(metric.container for metric in autoscaler.metrics if metric.container))
    if not named:
        return base
    beside = tuple(Sidecar(name=name, request=base.request, use=base.idle) for name in named[1:])
    return replace(base, container=named[0], sidecars=beside)


def _set(spec: dict[str, Any], path: Sequence[str], value: Any, where: str) -> None:
    place: Any = spec
    for step, following in zip(path, [*path[1:], None], strict=True):
        if isinstance(place, list):
            if not (step.isascii() and step.isdigit() and int(step) < len(place)):
                raise HpaError(f"{where}: {step}: write the place of one of {len(place)}, from 0 on")
            key: Any = int(step)
        elif isinstance(place, dict):
            key = step
        else:
            raise HpaError(f"{where}: {step}: what holds it is not a mapping or a list")
        if following is None:
            place[key] = value
        elif isinstance(place, dict) and place.get(key) is None:
            place[key] = {}
        place = place[key]


def _set_target(spec: dict[str, Any], value: Any) -> None:
    """Replace the amount of the first metric's target."""
    spec["metrics"] = copy.deepcopy(list(spec.get("metrics") or manifest.DEFAULT_METRICS))
    first = spec["metrics"][0]
    target = first[first["type"][0].lower() + first["type"][1:]]["target"]
    given = [key for key in manifest.AMOUNTS if target.get(key) is not None]
    # Of an Object's two, the type decides.
    amounts = [key for key in given if manifest.AMOUNTS[key] == target["type"]] or given
    target[amounts[0]] = value
