"""The whole path, from a cluster to a model that answered."""

from pathlib import Path

import pulumi
from pulumi import ResourceOptions

from components import source_positions
from components.cluster.cluster import Cluster, ClusterArgs
from components.context import Context
from components.data.data import Data, DataArgs
from components.ingress.gateway import Gateway, GatewayArgs
from components.models.models import Models, ModelsArgs
from components.platform.platform import Platform, PlatformArgs
from components.stack_config import load

source_positions.leave_out()
settings = load()
folder = Path(".slipway") / pulumi.get_stack()

cluster = Cluster("cluster", ClusterArgs(settings=settings, folder=folder))
here = ResourceOptions(providers=[cluster.provider], deleted_with=cluster.owner)
context = Context(settings=settings, cluster=cluster, folder=folder)

platform = Platform("platform", PlatformArgs(context=context), here)
gateway = Gateway("gateway", GatewayArgs(context=context, platform=platform), here)
data = Data("data", DataArgs(context=context, platform=platform, gateway=gateway), here)
models = Models("models", ModelsArgs(context=context, platform=platform, gateway=gateway, data=data), here)

pulumi.export("tracking", data.tracking.uri)
if data.tracking.login:
    pulumi.export("trackingPassword", data.tracking.login.password)
pulumi.export("kubeconfig", cluster.connection.kubeconfig_path)
if context.dashboards_url:
    pulumi.export("grafana", context.dashboards_url)
    pulumi.export("grafanaPassword", platform.dashboards_password)
if gateway.ca:
    pulumi.export("certificateAuthority", gateway.ca)
if gateway.keys:
    pulumi.export("apiKeys", gateway.keys)
pulumi.export("models", models.outputs)
