"""Everything that a stack file can say."""

from components.settings.charts import ChartOverride
from components.settings.cluster import Cluster, Embedded, Existing, Kind, Registry
from components.settings.data import Backup, CloudNativePg, Database, ObjectStore, Recovery, Tracking
from components.settings.ingress import Acme, Auth, Gateway, GatewayPort, GatewayService, Ingress, Issuer, Jwt, Tls
from components.settings.models import Build, Canary, Gpus, Model, Objective, Toleration, Train
from components.settings.parsing import parse_settings
from components.settings.platform import Installation, Platform
from components.settings.policies import Policies, PolicyLevel
from components.settings.problems import Problem, SettingsError
from components.settings.resources import Requests, Resources
from components.settings.scaling import Autoscaling, KnativeAutoscaling
from components.settings.security import Security
from components.settings.stack import PROJECT, Settings
from components.settings.teams import Namespaces, Team

__all__ = [
    "PROJECT",
    "Acme",
    "Auth",
    "Autoscaling",
    "Backup",
    "Build",
    "Canary",
    "ChartOverride",
    "CloudNativePg",
    "Cluster",
    "Database",
    "Embedded",
    "Existing",
    "Gateway",
    "GatewayPort",
    "GatewayService",
    "Gpus",
    "Ingress",
    "Installation",
    "Issuer",
    "Jwt",
    "Kind",
    "KnativeAutoscaling",
    "Model",
    "Namespaces",
    "ObjectStore",
    "Objective",
    "Platform",
    "Policies",
    "PolicyLevel",
    "Problem",
    "Recovery",
    "Registry",
    "Requests",
    "Resources",
    "Security",
    "Settings",
    "SettingsError",
    "Team",
    "Tls",
    "Toleration",
    "Tracking",
    "Train",
    "parse_settings",
]
