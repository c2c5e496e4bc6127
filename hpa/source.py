"""Where the autoscalers come from: a stack file's models, or manifests, with what the command line says of the work."""

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from components.settings import Autoscaling, SettingsError, parse_settings
from hpa import manifest
from hpa.problem import HpaError
from hpa.simulation import Model
from hpa.workload import Workload
from tools import stack_file

SHORT = {"min": "minReplicas", "max": "maxReplicas"}


@dataclass(frozen=True)
class Declared:
    """An autoscaler as it is written: an autoscaling/v2 `spec`, from `where`, over pods that do `workload`."""

    name: str
    where: str
    spec: Mapping[str, Any]
    workload: Workload

    def model(self, replicas: int | None = None) -> Model:
        """Ready to be simulated, from `replicas` (default: the least). Raises HpaError."""
        autoscaler = manifest.from_spec(self.spec, self.where)
        return Model(self.name, autoscaler, self.workload, autoscaler.min if replicas is None else replicas)

    def altered(self, changes: Sequence[str]) -> "Declared":
        """With `KEY=VALUE` changes: min, max, target (of the first metric), or a path in the spec. Raises HpaError."""
        spec = copy.deepcopy(dict(self.spec))
        for change in changes:
            key, equals, text = change.partition("=")
            if not equals or not key:
                raise HpaError(f"--set {change}: write KEY=VALUE, such as max=20, target=50 or behavior.scaleDown=null")
            if key == "target":
                _set_target(spec, yaml.safe_load(text), f"--set {change}")
            else:
                _set(spec, SHORT.get(key, key).split("."), yaml.safe_load(text), f"--set {change}")
        return replace(self, name=f"{self.name} with {' '.join(changes)}", spec=spec)


def read(path: Path, base: Workload, given: Mapping[str, Any]) -> list[Declared]:
    """The autoscalers in a stack file or in a YAML file of manifests.

    A model's own requests and limits replace those of `base`; what is `given` (fields of Workload) replaces both.
    Raises HpaError.
    """
    try:
        documents = [entry for entry in yaml.safe_load_all(path.read_text()) if entry is not None]
    except OSError as error:
        raise HpaError(f"{path}: {error.strerror}") from None
    except yaml.YAMLError as error:
        raise HpaError(f"{path}: not YAML: {' '.join(str(error).split())}") from None
    if len(documents) == 1 and isinstance(documents[0], dict) and "config" in documents[0]:
        found = list(_of_stack(path, base))
    else:
        found = [_of_manifest(entry, path, base) for entry in documents if _is_autoscaler(entry)]
    if not found:
        raise HpaError(f"{path}: no model with `autoscaling` in it, and no HorizontalPodAutoscaler")
    return [replace(entry, workload=replace(entry.workload, **given)) for entry in found]


def _of_stack(path: Path, base: Workload) -> Iterator[Declared]:
    from components.models.autoscaling import (
        spec,  # Importing Pulumi's SDK takes seconds, and a manifest does not need it.
    )

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
            request=manifest.milli(cpu, where) if cpu else base.request,
            limit=manifest.milli(limits.cpu, where) if limits.cpu else base.limit,
            memory_request=manifest.milli(memory, where) // 1000 if memory else base.memory_request,
        )
        yield Declared(model.name, where, spec(model.autoscaling, model.name), workload)


def _is_autoscaler(document: Any) -> bool:
    return isinstance(document, Mapping) and document.get("kind") == "HorizontalPodAutoscaler"


def _of_manifest(document: Mapping[str, Any], path: Path, base: Workload) -> Declared:
    name = str(document.get("metadata", {}).get("name", path.stem))
    manifest.autoscaler(document, f"{path}: {name}")
    return Declared(name, f"{path}: {name}: spec", document["spec"], base)


def _set(spec: dict[str, Any], path: Sequence[str], value: Any, where: str) -> None:
    place: Any = spec
    for step in path[:-1]:
        place = place[int(step)] if isinstance(place, list) and step.isdigit() else place.setdefault(step, {})
        if not isinstance(place, dict | list):
            raise HpaError(f"{where}: {step} is not a mapping or a list")
    last: Any = int(path[-1]) if isinstance(place, list) and path[-1].isdigit() else path[-1]
    place[last] = value


def _set_target(spec: dict[str, Any], value: Any, where: str) -> None:
    """Replace the amount of the first metric's target."""
    spec["metrics"] = copy.deepcopy(list(spec.get("metrics") or manifest.DEFAULT_METRICS))
    first = spec["metrics"][0]
    target = first[first["type"][0].lower() + first["type"][1:]]["target"]
    amounts = [key for key in ("averageUtilization", "averageValue", "value") if key in target]
    if not amounts:
        raise HpaError(f"{where}: the first metric has no target")
    target[amounts[0]] = value
