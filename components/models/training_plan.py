"""Which versions of models are trained, each once, and in which order: MLflow numbers them as they come."""

from collections.abc import Iterator
from dataclasses import dataclass

from components import settings as s
from components.settings.model_source import RegisteredModel, parse_source


@dataclass(frozen=True)
class PlannedTraining:
    """A version, what trains it, and the name of the model that asks for it."""

    name: str
    source: RegisteredModel
    train: s.Train


def plan(settings: s.Settings) -> list[PlannedTraining]:
    """Each version that is trained when it is missing; those of one registered model by rising number."""

    def order(each: PlannedTraining) -> tuple[str, bool, int, str]:
        # An alias gets the next number.
        return each.source.name, each.source.version is None, each.source.version or 0, each.source.alias or ""

    first: dict[RegisteredModel, PlannedTraining] = {}
    for each in _asked(settings):
        first.setdefault(each.source, each)
    return sorted(first.values(), key=order)


def _asked(settings: s.Settings) -> Iterator[PlannedTraining]:
    """Every wish, those first that a canary does not just inherit: the settings have made sure that they agree."""
    versions = [version for model in settings.models for version in model.versions]
    inherits = {model.canary_model.name for model in settings.models if model.canary_model and model.inherits_train}
    for version in sorted(versions, key=lambda version: version.name in inherits):
        source = parse_source(version.source)
        if version.train and isinstance(source, RegisteredModel):
            yield PlannedTraining(version.name, source, version.train)
