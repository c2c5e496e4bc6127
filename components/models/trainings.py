"""The trainings that the models ask for: each version once, in the order in which MLflow numbers them."""

from collections.abc import Iterator
from dataclasses import dataclass

from pulumi import ResourceOptions

from components import settings as s
from components.data.object_store import ObjectStore
from components.data.tracking import Tracking
from components.models.training import Training, TrainingArgs
from components.settings.model_source import RegisteredModel, parse_source


@dataclass(frozen=True)
class Wanted:
    """A version, what trains it, and the name of the model that asks for it."""

    name: str
    source: RegisteredModel
    train: s.Train


def wanted(settings: s.Settings) -> list[Wanted]:
    """Each version that is trained when it is missing; those of one registered model by rising number."""

    def order(each: Wanted) -> tuple[str, bool, int, str]:
        # An alias gets the next number.
        return each.source.name, each.source.version is None, each.source.version or 0, each.source.alias or ""

    first: dict[RegisteredModel, Wanted] = {}
    for each in _asked(settings):
        first.setdefault(each.source, each)
    return sorted(first.values(), key=order)


def _asked(settings: s.Settings) -> Iterator[Wanted]:
    """Every wish, those first that a canary does not just inherit: the settings have made sure that they agree."""
    versions = [version for model in settings.models for version in model.versions]
    inherits = {model.canary_model.name for model in settings.models if model.canary_model and model.inherits_train}
    for version in sorted(versions, key=lambda version: version.name in inherits):
        source = parse_source(version.source)
        if version.train and isinstance(source, RegisteredModel):
            yield Wanted(version.name, source, version.train)


def declare(
    settings: s.Settings, tracking: Tracking, storage: ObjectStore, opts: ResourceOptions
) -> dict[RegisteredModel, Training]:
    """Declare a training for each version; those of one registered model run one after another."""
    done: dict[RegisteredModel, Training] = {}
    last: dict[str, Training] = {}
    for each in wanted(settings):
        before = last.get(each.source.name)
        args = TrainingArgs(
            model=each.source,
            settings=each.train,
            images=settings.image_references,
            namespace=settings.namespaces.data,
            tracking_uri=tracking.internal_uri,
            login=tracking.auth.client_env if tracking.auth else (),
            storage=storage,
            after=(before,) if before else (),
        )
        done[each.source] = last[each.source.name] = Training(each.name, args, opts)
    return done
