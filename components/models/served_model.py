"""One model of the stack's list: trained if missing, built, served, scaled, and what it is to be asked."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pulumi import Output, Resource, ResourceOptions

from components import settings as s
from components.context import Context
from components.data.tracking import Tracking
from components.dynamic.predictions import Predictions, Question
from components.ingress.gateway import Gateway
from components.ingress.route import destinations, knative_gateway, model_spec, virtual_service
from components.models.autoscaling import AutoscalerArgs, Keda, autoscaler
from components.models.gate import Asked, gate
from components.models.inference import InferenceServiceArgs, deployment, inference_service
from components.models.model_image import ModelImage, ModelImageArgs, model_image
from components.models.training import Training
from components.platform.platform import Platform
from components.platform.prometheus import URL
from components.serving.plan import Wishes
from components.settings import scaled_object
from components.settings.model_source import ModelFolder, RegisteredModel, parse_source
from components.settings.parts import knative, kserve, prometheus


@dataclass(frozen=True, kw_only=True)
class ServedModelArgs:
    context: Context
    model: s.Model
    # Of the model's team, or of the models.
    namespace: Output[str]
    tracking: Tracking
    platform: Platform
    gateway: Gateway
    trainings: Mapping[RegisteredModel, Training]
    # That the registered models are the stack's own.
    names: Sequence[Resource]
    # The model whose canary this is.
    canary_of: str | None = None


@dataclass(frozen=True, kw_only=True)
class ServedModel:
    """`told` is what a user needs to know, before the answer: image, version, digest, host, example, canary."""

    asked: Asked
    told: Mapping[str, Any]

    def outputs(self, name: str, answered: Predictions) -> dict[str, Any]:
        """The rest too: url, answer and how to get it again."""
        return {**self.told, **answered.of(name)}


def served_model(name: str, args: ServedModelArgs, opts: ResourceOptions) -> ServedModel:
    """Declare all that serves the model, as children of `opts.parent`: what it is, nothing of its own would say.

    A canary is a served model of its own, at its own host. It has answered right before it gets a share of the traffic.
    """
    model, settings, platform = args.model, args.context.settings, args.platform
    image = _image(name, args, parse_source(model.source), opts)
    canary = _canary(args, opts)
    service = inference_service(
        name,
        InferenceServiceArgs(
            model=model,
            namespace=args.namespace,
            image=image.reference,
            version=image.version,
            # Where no Knative runs the pods, a KnativeServing that takes a minute is not waited for.
            serving=platform.ready(kserve.PART, *([knative.PART] if model.mode == "Knative" else [])),
            spread=model.mode == "Standard" or settings.platform.serverless == "install",
            mutual_tls=settings.security.mutual_tls,
        ),
        opts,
    )
    if isinstance(model.autoscaling, s.Autoscaling):
        scaling = AutoscalerArgs(
            settings=model.autoscaling,
            namespace=args.namespace,
            deployment=deployment(service),
            keda=_keda(args, model.autoscaling),
        )
        autoscaler(name, scaling, opts)
    namespace = settings.namespace_of(model)
    hostname = settings.host_of(model)
    # Its share comes when the canary has answered right.
    before = ResourceOptions(depends_on=[args.gateway, *([canary.gate] if canary else [])])
    route = virtual_service(
        name,
        args.namespace,
        model_spec(
            args.gateway.name,
            hostname,
            destinations(model, namespace, knative_gateway(settings)),
            grpc=model.grpc,
        ),
        ResourceOptions.merge(opts, before),
    )
    where = f"kubectl --namespace {namespace}"
    question = Question(
        host=hostname,
        example=image.example,
        version=image.version,
        canary=None if args.canary_of else canary.version if canary else image.version,
        image=image.reference,
        settings=hashlib.sha256(model.model_dump_json().encode()).hexdigest(),
        seconds=model.ready_within,
        look=f"`{where} describe inferenceservice {name}`, then `{where} get pods,events`",
        namespace=args.namespace,
        service=name,
    )
    told = {
        "image": image.reference,
        "version": image.version,
        "digest": image.content,
        "host": hostname,
        "example": image.example,
        **({"canary": {"percent": model.canary.percent, **canary.outputs}} if model.canary and canary else {}),
    }
    return ServedModel(asked=Asked(question=question, after=(service, route)), told=told)


@dataclass(frozen=True, kw_only=True)
class _Canary:
    gate: Predictions
    version: Output[str]
    outputs: Mapping[str, Any]


def _canary(args: ServedModelArgs, opts: ResourceOptions) -> _Canary | None:
    model = args.model.canary_model
    if not model:
        return None
    served = served_model(model.name, replace(args, model=model, canary_of=args.model.name), opts)
    answered = gate(f"{model.name}-prediction", {model.name: served.asked}, args.context, args.gateway, opts)
    return _Canary(gate=answered, version=served.told["version"], outputs=served.outputs(model.name, answered))


def _keda(args: ServedModelArgs, scaling: s.Autoscaling) -> Keda | None:
    """None where an HPA of Slipway's own does."""
    settings = args.context.settings
    if settings.platform.metrics_adapter != prometheus.KEDA.word or not scaled_object.follows_queries(scaling):
        return None
    return Keda(
        namespace=settings.namespace_of(args.model),
        prometheus=URL if prometheus.PART.installed(settings) else str(settings.platform.prometheus_url),
        ready=args.platform.ready(prometheus.KEDA),
    )


def _image(
    name: str, args: ServedModelArgs, source: RegisteredModel | ModelFolder, opts: ResourceOptions
) -> ModelImage:
    context, settings = args.context, args.context.settings
    registered = isinstance(source, RegisteredModel)
    training = args.trainings.get(source) if isinstance(source, RegisteredModel) else None
    return model_image(
        name,
        ModelImageArgs(
            source=args.model.source,
            repository=args.canary_of or name,
            pinned=args.model.digest,
            image=args.model.image,
            tracking_uri=args.tracking.uri if registered else None,
            trust=args.gateway.ca if registered else None,
            login=args.tracking.login if registered else None,
            trained=training.done if training else None,
            build=settings.build,
            wishes=Wishes(
                python=args.model.python,
                server=args.model.server,
                packages=(*settings.build.packages, *args.model.build.packages),
                index=str(settings.build.package_index) if settings.build.package_index else None,
            ),
            images=context.images,
            registry=context.cluster.registry,
            cluster=context.cluster.identity,
            credentials=settings.registry,
            ingress=(args.gateway, args.tracking, *args.names) if registered else (),
        ),
        opts,
    )
