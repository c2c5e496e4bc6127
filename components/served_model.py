"""One model of the stack's list: trained if missing, built, served, scaled, and asked for a prediction."""

from dataclasses import dataclass
from pathlib import Path

import pulumi
from pulumi import Input, Output, ResourceOptions

from components import settings as s
from components.autoscaling import Autoscaler, AutoscalerArgs
from components.inference import INFER_PATH, InferenceService, InferenceServiceArgs, host
from components.model_image import ModelImage, ModelImageArgs
from components.object_store import ObjectStore
from components.platform import Platform
from components.prediction import Prediction, PredictionArgs
from components.settings.names import ModelFolder, RegisteredModel, parse_source
from components.tracking import Tracking
from components.training import Training, TrainingArgs


@dataclass(frozen=True, kw_only=True)
class ServedModelArgs:
    model: s.Model
    settings: s.Settings
    # The models' namespace; an Output, so that the model waits for it.
    namespace: Input[str]
    registry: Input[str]
    cluster: Input[str]
    # host:port at which this machine reaches the gateway; None where only the hosts' own names do.
    ingress_address: str | None
    tracking: Tracking
    storage: ObjectStore
    platform: Platform
    # Folder of this stack's own files, relative to the project.
    state: Path


class ServedModel(pulumi.ComponentResource):
    """`outputs` is what a user needs to know: image, version, host, url, example, answer and how to get it again."""

    outputs: dict[str, Input[str]]

    def __init__(self, name: str, args: ServedModelArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("slipway:models:ServedModel", name, None, opts)
        model, settings, platform = args.model, args.settings, args.platform
        source = parse_source(model.source)
        image = self._image(name, args, source)
        service = InferenceService(
            name,
            InferenceServiceArgs(
                model=model,
                namespace=args.namespace,
                image=image.reference,
                version=image.version,
                serving=platform.serving,
                spread=model.mode == "Standard" or settings.platform.serverless == "install",
            ),
            ResourceOptions(parent=self),
        )
        if isinstance(model.autoscaling, s.Autoscaling):
            scaling = AutoscalerArgs(
                settings=model.autoscaling, namespace=args.namespace, deployment=service.deployment
            )
            Autoscaler(name, scaling, ResourceOptions(parent=self))
        where = f"kubectl --namespace {settings.namespaces.models}"
        hostname = host(model, settings.namespaces.models, settings.ingress.domain)
        prediction = Prediction(
            f"{name}-prediction",
            PredictionArgs(
                address=args.ingress_address,
                host=hostname,
                path=INFER_PATH,
                example=image.example,
                version=image.version,
                image=image.reference,
                settings=model.model_dump_json(),
                cluster=args.cluster,
                seconds=model.ready_within,
                look=f"`{where} describe inferenceservice {name}`, then `{where} get pods,events`",
            ),
            ResourceOptions(parent=self, depends_on=[service, *platform.gateway]),
        )
        self.outputs = {
            "image": image.reference,
            "version": image.version,
            "host": hostname,
            "url": prediction.url,
            "example": image.example,
            "answer": prediction.answer,
            "curl": prediction.curl,
        }
        self.register_outputs(self.outputs)

    def _image(self, name: str, args: ServedModelArgs, source: RegisteredModel | ModelFolder) -> ModelImage:
        settings = args.settings
        registered = isinstance(source, RegisteredModel)
        return ModelImage(
            name,
            ModelImageArgs(
                source=args.model.source,
                image=args.model.image,
                tracking_uri=args.tracking.uri if registered else None,
                trained=self._train(name, args, source, args.model.train),
                build=settings.build,
                images=settings.image_references,
                registry=args.registry,
                cluster=args.cluster,
                credentials=settings.registry,
                state=args.state,
                ingress=(*args.platform.gateway, args.tracking) if registered else (),
            ),
            ResourceOptions(parent=self),
        )

    def _train(
        self, name: str, args: ServedModelArgs, source: RegisteredModel | ModelFolder, train: s.Train | None
    ) -> Output[str] | None:
        if not train or not isinstance(source, RegisteredModel):
            return None
        training = TrainingArgs(
            model=source,
            settings=train,
            images=args.settings.image_references,
            namespace=args.settings.namespaces.data,
            tracking_uri=args.tracking.internal_uri,
            storage=args.storage,
        )
        return Training(name, training, ResourceOptions(parent=self)).done
