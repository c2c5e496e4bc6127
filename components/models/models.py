"""The stack's models: their namespaces, the trainings that they ask for, and each model served."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi import Resource, ResourceOptions

from components.context import Context
from components.data.data import Data
from components.dynamic.password import Password
from components.dynamic.registered_name import KEY, RegisteredName, RegisteredNameArgs
from components.ingress.gateway import Gateway
from components.ingress.mutual_tls import MutualTls, MutualTlsArgs
from components.kubernetes import namespaces, teams
from components.models.gate import gate
from components.models.model_image import server_layers
from components.models.served_model import ServedModelArgs, served_model
from components.models.training import Training, TrainingArgs
from components.models.training_plan import plan
from components.platform.platform import Platform
from components.settings.model_source import RegisteredModel, parse_source
from components.settings.parts import istio


@dataclass(frozen=True, kw_only=True)
class ModelsArgs:
    context: Context
    platform: Platform
    gateway: Gateway
    data: Data


class Models(pulumi.ComponentResource):
    """`outputs` are each model's, by its name."""

    outputs: dict[str, dict[str, Any]]

    def __init__(self, name: str, args: ModelsArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("slipway:models:Models", name, None, opts)
        settings, child = args.context.settings, ResourceOptions(parent=self)
        own = settings.namespaces.models
        places = {
            own: namespaces.declare(namespaces.of_models(settings, own), child),
            **{team.name: teams.declare(settings, team, child) for team in settings.teams},
        }
        if settings.security.mutual_tls:
            mutual = MutualTlsArgs(
                namespaces=places,
                authentication=args.gateway.authentication,
                mesh=args.platform.ready(istio.PART),
            )
            MutualTls("mutual-tls", mutual, child)
        registered = _own_names(args, child)
        trainings = _train(args, registered, child)
        server_layers([version for model in settings.models for version in model.versions], args.context, child)
        served = {
            model.name: served_model(
                model.name,
                ServedModelArgs(
                    context=args.context,
                    model=model,
                    namespace=places[settings.namespace_of(model)],
                    platform=args.platform,
                    gateway=args.gateway,
                    tracking=args.data.tracking,
                    trainings=trainings,
                    names=registered,
                ),
                child,
            )
            for model in settings.models
        }
        self.outputs = {}
        if served:
            asked = {name: each.asked for name, each in served.items()}
            answered = gate("predictions", asked, args.context, args.gateway, child)
            self.outputs = {name: each.outputs(name, answered) for name, each in served.items()}
        self.register_outputs({})


def _own_names(args: ModelsArgs, opts: ResourceOptions) -> list[Resource]:
    """Register every name that the stack serves, where others than its administrator may log in."""
    settings, login = args.context.settings, args.data.tracking.login
    if not login:
        return []
    pins: dict[str, list[bool]] = {}
    for version in (each for model in settings.models for each in model.versions):
        source = parse_source(version.source)
        if isinstance(source, RegisteredModel):
            pins.setdefault(source.name, []).append(version.digest is not None)
    # As protected as what it is read with.
    kept = ResourceOptions.merge(opts, ResourceOptions(protect=settings.database.keep))
    key = Password(KEY, kept).value
    reached = ResourceOptions.merge(opts, ResourceOptions(depends_on=[args.gateway, args.data.tracking]))
    return [
        RegisteredName(
            f"registered-{name}",
            RegisteredNameArgs(
                model=name,
                tracking_uri=args.data.tracking.uri,
                username=login.username,
                password=login.password,
                trust=args.gateway.ca,
                key=key,
                pinned=all(pinned),
            ),
            reached,
        )
        for name, pinned in sorted(pins.items())
    ]


def _train(
    args: ModelsArgs, registered: Sequence[Resource], opts: ResourceOptions
) -> Mapping[RegisteredModel, Training]:
    """Declare a training for each version; those of one registered model run one after another."""
    tracking = args.data.tracking
    done: dict[RegisteredModel, Training] = {}
    last: dict[str, Training] = {}
    for each in plan(args.context.settings):
        before = last.get(each.source.name)
        training = TrainingArgs(
            model=each.source,
            settings=each.train,
            images=args.context.images,
            namespace=args.data.namespace,
            tracking_uri=tracking.internal_uri,
            login=tracking.auth.client_env if tracking.auth else (),
            storage=args.data.store,
            after=(*registered, *([before] if before else [])),
        )
        done[each.source] = last[each.source.name] = Training(each.name, training, opts)
    return done
