"""CloudNativePG, which runs PostgreSQL clusters, and its plugin for backups to S3."""

from components.settings.data import OPERATOR_NAMESPACE
from components.settings.parts.part import Deployment, OptionalChart, Part, PartNamespace
from components.settings.stack import Settings

NAMESPACE = PartNamespace(name=OPERATOR_NAMESPACE, open_ports=(9443,))
LABELS = {"app.kubernetes.io/name": "cloudnative-pg"}
_OPERATOR = Deployment(title="CloudNativePG operator", labels=LABELS)


def _runs(settings: Settings) -> bool:
    return settings.database.cloud_native_pg is not None


def _backs_up(settings: Settings) -> bool:
    cluster = settings.database.cloud_native_pg
    return cluster is not None and cluster.backup is not None


PART = Part(
    setting="database_operator",
    title="CloudNativePG",
    charts=("cloudnative-pg",),
    optional_charts={"plugin-barman-cloud": OptionalChart(setting="database.cloudNativePg.backup", asked=_backs_up)},
    namespaces=(NAMESPACE,),
    needed=_runs,
    # Both charts keep them.
    crd_groups=("postgresql.cnpg.io", "barmancloud.cnpg.io"),
    signs=(_OPERATOR,),
    required=(_OPERATOR,),
    kinds=(("clusters.postgresql.cnpg.io", "v1"),),
)
