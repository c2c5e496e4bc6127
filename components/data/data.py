"""Where data is kept: the database, the object store, and MLflow on both."""

from dataclasses import dataclass

import pulumi
from pulumi import Output, ResourceOptions

from components.context import Context
from components.data.database import Database, DatabaseArgs
from components.data.object_store import ObjectStore, ObjectStoreArgs
from components.data.tracking import Tracking, TrackingArgs
from components.ingress.gateway import Gateway
from components.kubernetes import namespaces
from components.platform.platform import Platform
from components.settings.parts import cloudnative_pg


@dataclass(frozen=True, kw_only=True)
class DataArgs:
    context: Context
    platform: Platform
    gateway: Gateway


class Data(pulumi.ComponentResource):
    """`namespace` is where all of it is, and where models are trained."""

    namespace: Output[str]
    store: ObjectStore
    tracking: Tracking

    def __init__(self, name: str, args: DataArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("slipway:data:Data", name, None, opts)
        context, child = args.context, ResourceOptions(parent=self)
        self.namespace = namespaces.declare(namespaces.of_data(context.settings), child)
        kept = DatabaseArgs(
            context=context, namespace=self.namespace, operator=args.platform.ready(cloudnative_pg.PART)
        )
        database = Database("database", kept, child)
        self.store = ObjectStore("object-store", ObjectStoreArgs(context=context, namespace=self.namespace), child)
        tracking = TrackingArgs(
            context=context,
            namespace=self.namespace,
            database=database,
            store=self.store,
            gateway=args.gateway,
        )
        self.tracking = Tracking("tracking", tracking, child)
        self.register_outputs({})
