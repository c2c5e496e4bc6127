"""The whole path, from a cluster to a model that answered."""

from pathlib import Path

import pulumi
from pulumi import ResourceOptions

from components import namespaces, teams
from components.cluster import Cluster, ClusterArgs
from components.database import Database, DatabaseArgs
from components.object_store import ObjectStore, ObjectStoreArgs
from components.platform import Platform, PlatformArgs
from components.served_model import ServedModel, ServedModelArgs
from components.settings import Settings
from components.tracking import Tracking, TrackingArgs

settings = Settings.load()
state = Path(".slipway") / pulumi.get_stack()
images, ingress, names = settings.image_references, settings.ingress, settings.namespaces

cluster = Cluster(
    "cluster", ClusterArgs(settings=settings.cluster, registry=settings.registry, images=images, state=state)
)
here = ResourceOptions(providers=[cluster.provider], deleted_with=cluster.owner)
address = ingress.address or cluster.ingress_address

platform = Platform(
    "platform",
    PlatformArgs(
        parts=settings.platform,
        ingress=ingress,
        charts=settings.chart_overrides,
        images=images,
        local_registries=cluster.local_registries,
        kubeconfig_path=cluster.kubeconfig_path,
        context=cluster.context,
        cluster=cluster.identity,
        knative_serving=settings.knative_serving,
        models=settings.models,
    ),
    here,
)
cluster_options = ResourceOptions(provider=cluster.provider, deleted_with=cluster.owner)
data = namespaces.declare(namespaces.of_data(settings), cluster_options)
places = {
    names.models: namespaces.declare(namespaces.of_models(settings, names.models), cluster_options),
    **{team.name: teams.declare(settings, team, cluster_options) for team in settings.teams},
}
database = Database("database", DatabaseArgs(settings=settings.database, images=images, namespace=data), here)
store = ObjectStore(
    "object-store", ObjectStoreArgs(settings=settings.object_store, images=images, namespace=data), here
)
tracking = Tracking(
    "tracking",
    TrackingArgs(
        settings=settings.tracking,
        images=images,
        namespace=names.data,
        database_secret=database.secret,
        store=store,
        ingress_class=ingress.class_name,
        ingress_address=address,
    ),
    here,
)
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
            storage=store,
            platform=platform,
            state=state,
        ),
        here,
    )
    for model in settings.models
}

pulumi.export("tracking", tracking.uri)
pulumi.export("kubeconfig", cluster.kubeconfig_path)
pulumi.export("models", {name: model.outputs for name, model in served.items()})
