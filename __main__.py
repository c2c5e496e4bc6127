"""The whole path, from a cluster to a model that answered."""

from pathlib import Path

import pulumi
from pulumi import ResourceOptions

from components.cluster.cluster import Cluster, ClusterArgs, ingress_address
from components.context import Context
from components.data.database import Database, DatabaseArgs
from components.data.object_store import ObjectStore, ObjectStoreArgs
from components.data.tracking import Tracking, TrackingArgs
from components.ingress.gateway import Gateway, GatewayArgs
from components.ingress.mutual_tls import MutualTls, MutualTlsArgs
from components.ingress.route import host
from components.kubernetes import namespaces, pull_secret, teams
from components.models import trainings
from components.models.served_model import ServedModel, ServedModelArgs
from components.platform.platform import Platform
from components.settings.parts import cert_manager, cloudnative_pg, istio
from components.stack_config import load

settings = load()
state = Path(".slipway") / pulumi.get_stack()
images, ingress, names = settings.image_references, settings.ingress, settings.namespaces

cluster = Cluster(
    "cluster", ClusterArgs(settings=settings.cluster, registry=settings.registry, images=images, state=state)
)
here = ResourceOptions(providers=[cluster.provider], deleted_with=cluster.owner)
address = ingress_address(settings.cluster, ingress)

context = Context(settings=settings, cluster=cluster, folder=state)

platform = Platform("platform", context, here)
gateway = (
    Gateway(
        "gateway",
        GatewayArgs(
            ingress=ingress,
            namespaces=names,
            models={
                host(version, settings.namespace_of(model), ingress.domain): settings.namespace_of(model)
                for model in settings.models
                for version in model.versions
            },
            tracking=settings.tracking.hosts,
            own=settings.platform.mesh == "install",
            sidecars=settings.security.mutual_tls,
            https_port=settings.cluster.kind.https_port if settings.cluster.kind else None,
            mesh=platform.ready(istio.PART),
            certificates=platform.ready(cert_manager.PART),
            state=state,
            connection=cluster.connection,
        ),
        here,
    )
    if settings.platform.mesh != "off"
    else None
)
cluster_options = ResourceOptions(provider=cluster.provider, deleted_with=cluster.owner)
data = namespaces.declare(namespaces.of_data(settings), cluster_options)
places = {
    names.models: namespaces.declare(namespaces.of_models(settings, names.models), cluster_options),
    **{team.name: teams.declare(settings, team, cluster_options) for team in settings.teams},
}
if settings.security.mutual_tls:
    MutualTls(
        "mutual-tls",
        MutualTlsArgs(
            namespaces=places,
            authentication=gateway.authentication if gateway else None,
            mesh=platform.ready(istio.PART),
        ),
        here,
    )
database = Database(
    "database",
    DatabaseArgs(
        settings=settings.database, images=images, namespace=data, operator=platform.ready(cloudnative_pg.PART)
    ),
    here,
)
store = ObjectStore(
    "object-store", ObjectStoreArgs(settings=settings.object_store, images=images, namespace=data), here
)
tracking = Tracking(
    "tracking",
    TrackingArgs(
        settings=settings.tracking,
        images=images,
        namespace=names.data,
        database=database,
        store=store,
        gateway=gateway,
        private_images=bool(pull_secret.of_images(settings)),
        tls=bool(ingress.tls),
        ingress_address=address,
    ),
    here,
)
trained = trainings.declare(settings, tracking, store, here)
served = {
    model.name: ServedModel(
        model.name,
        ServedModelArgs(
            model=model,
            settings=settings,
            namespace=places[settings.namespace_of(model)],
            registry=cluster.registry,
            cluster=cluster.identity,
            ingress_address=address,
            tracking=tracking,
            trainings=trained,
            platform=platform,
            gateway=gateway,
            state=state,
        ),
        here,
    )
    for model in settings.models
    if gateway
}

pulumi.export("tracking", tracking.uri)
if tracking.login:
    pulumi.export("trackingPassword", tracking.login.password)
pulumi.export("kubeconfig", cluster.connection.kubeconfig_path)
if gateway and gateway.ca:
    pulumi.export("certificateAuthority", gateway.ca)
if gateway and gateway.keys:
    pulumi.export("apiKeys", gateway.keys)
pulumi.export("models", {name: model.outputs for name, model in served.items()})
