"""One model of the stack's list: trained if missing, built, served, scaled, and asked for a prediction."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pulumi
from pulumi import Output, Resource, ResourceOptions

from components import settings as s
from components.context import Context
from components.data.tracking import Tracking
from components.dynamic.prediction import Prediction, PredictionArgs
from components.ingress.gateway import Gateway
from components.ingress.route import destinations, knative_gateway, model_spec, virtual_service
from components.models.autoscaling import AutoscalerArgs, Keda, autoscaler
from components.models.inference import InferenceServiceArgs, deployment, inference_service
from components.models.model_image import ModelImage, ModelImageArgs, model_image
from components.models.training import Training
from components.platform.platform import Platform
from components.platform.prometheus import URL
from components.serving.plan import Wishes
from components.serving.protocol import INFER_PATH
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


class ServedModel(pulumi.ComponentResource):
    """`outputs` is what a user needs to know: image, version, host, url, example, answer and how to get it again.

    A canary is a served model of its own, at its own host. It has answered right before it gets a share of the traffic.
    """

    outputs: dict[str, Any]

    def __init__(self, name: str, args: ServedModelArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("slipway:models:ServedModel", name, None, opts)
        model, settings, platform = args.model, args.context.settings, args.platform
        source = parse_source(model.source)
        image = self._image(name, args, source)
        canary = self._canary(args)
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
            ResourceOptions(parent=self),
        )
        if isinstance(model.autoscaling, s.Autoscaling):
            scaling = AutoscalerArgs(
                settings=model.autoscaling,
                namespace=args.namespace,
                deployment=deployment(service),
                keda=self._keda(args, model.autoscaling),
            )
            autoscaler(name, scaling, ResourceOptions(parent=self))
        namespace = settings.namespace_of(model)
        where = f"kubectl --namespace {namespace}"
        hostname = settings.host_of(model)
        route = virtual_service(
            name,
            args.namespace,
            model_spec(args.gateway.name, hostname, destinations(model, namespace, knative_gateway(settings))),
            # Its share comes when the canary has answered right.
            ResourceOptions(parent=self, depends_on=[args.gateway, *([canary] if canary else [])]),
        )
        prediction = Prediction(
            f"{name}-prediction",
            PredictionArgs(
                address=args.context.ingress_address,
                host=hostname,
                path=INFER_PATH,
                example=image.example,
                version=image.version,
                canary=None if args.canary_of else canary.outputs["version"] if canary else image.version,
                image=image.reference,
                settings=hashlib.sha256(model.model_dump_json().encode()).hexdigest(),
                cluster=args.context.cluster.identity,
                seconds=model.ready_within,
                look=f"`{where} describe inferenceservice {name}`, then `{where} get pods,events`",
                kubeconfig_path=args.context.cluster.connection.kubeconfig_path,
                namespace=args.namespace,
                service=name,
                tls=bool(settings.ingress.tls),
                ca=args.gateway.ca or "",
                ca_file=str(args.context.folder / "ca.crt"),
                key=args.gateway.own_key,
            ),
            ResourceOptions(parent=self, depends_on=[service, route]),
        )
        self.outputs = {
            "image": image.reference,
            "version": image.version,
            "digest": image.content,
            "host": hostname,
            "url": prediction.url,
            "example": image.example,
            "answer": prediction.answer,
            "curl": prediction.curl,
        }
        if model.canary and canary:
            self.outputs["canary"] = {"percent": model.canary.percent, **canary.outputs}
        # The stack's own outputs have them: the state would hold them twice.
        self.register_outputs({})

    def _keda(self, args: ServedModelArgs, scaling: s.Autoscaling) -> Keda | None:
        """None where an HPA of Slipway's own does."""
        settings = args.context.settings
        if settings.platform.metrics_adapter != prometheus.KEDA.word or not scaled_object.follows_queries(scaling):
            return None
        return Keda(
            namespace=settings.namespace_of(args.model),
            prometheus=URL if prometheus.PART.installed(settings) else str(settings.platform.prometheus_url),
            ready=args.platform.ready(prometheus.KEDA),
        )

    def _image(self, name: str, args: ServedModelArgs, source: RegisteredModel | ModelFolder) -> ModelImage:
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
            ResourceOptions(parent=self),
        )

    def _canary(self, args: ServedModelArgs) -> "ServedModel | None":
        canary = args.model.canary_model
        if not canary:
            return None
        version = replace(args, model=canary, canary_of=args.model.name)
        return ServedModel(canary.name, version, ResourceOptions(parent=self))
