"""MLflow's own users: what its basic-auth app needs, and how its clients log in."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_kubernetes as k8s
from pulumi import Input, Output, ResourceOptions

from components.dynamic.password import Password
from components.kubernetes import pods

ADMIN = "admin"
FOLDER = "/etc/mlflow"
FILE = "basic-auth.ini"
_NAME = "mlflow-auth"


@dataclass(frozen=True, kw_only=True)
class TrackingAuthArgs:
    namespace: Output[str]
    # The database that also holds the users: none of their tables has a name that MLflow's have.
    database_uri: Input[str]
    # How often each secret was turned over.
    rotations: Mapping[str, int]


def configuration(database_uri: str) -> str:
    """The file that MLFLOW_AUTH_CONFIG_PATH names; it holds the database's password."""
    return "\n".join(
        (
            "[mlflow]",
            # Whoever has a user reads all, and writes what is granted or their own.
            "default_permission = READ",
            # MLflow reads the file with interpolation, where a bare % is an error.
            f"database_uri = {database_uri.replace('%', '%%')}",
            "",
        )
    )


class TrackingAuth(pulumi.ComponentResource):
    """`secret` names the Secret, `password` is the administrator's."""

    secret: Output[str]
    password: Output[str]
    # What a server reads of it at its start.
    secrets: list[Input[str]]

    def __init__(self, name: str, args: TrackingAuthArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("slipway:data:TrackingAuth", name, None, opts)
        child = ResourceOptions(parent=self)
        turned = args.rotations
        self.password = Password("mlflow-admin-password", child, generation=turned.get("tracking-admin", 0)).value
        signing_key = Password("mlflow-signing-key", child, generation=turned.get("signing-key", 0)).value
        self.secrets = [self.password, signing_key]
        self.secret = k8s.core.v1.Secret(
            _NAME,
            metadata={"name": _NAME, "namespace": args.namespace},
            string_data={
                FILE: Output.secret(args.database_uri).apply(configuration),
                "username": ADMIN,
                "password": self.password,
                # Every replica signs with it, and every one must know what another signed.
                "signing-key": signing_key,
            },
            opts=child,
        ).metadata["name"]
        self.register_outputs({"secret": self.secret})

    @property
    def server_env(self) -> list[dict[str, Any]]:
        return [
            # Routes that MLflow has no rule for are refused, instead of open.
            *pods.env({"MLFLOW_AUTH_CONFIG_PATH": f"{FOLDER}/{FILE}", "MLFLOW_BASIC_AUTH_FAIL_CLOSED": "true"}),
            pods.secret_env("MLFLOW_AUTH_ADMIN_USERNAME", self.secret, "username"),
            pods.secret_env("MLFLOW_AUTH_ADMIN_PASSWORD", self.secret, "password"),
            pods.secret_env("MLFLOW_FLASK_SERVER_SECRET_KEY", self.secret, "signing-key"),
        ]

    @property
    def client_env(self) -> list[dict[str, Any]]:
        """What MLflow's client logs in with."""
        return [
            pods.secret_env("MLFLOW_TRACKING_USERNAME", self.secret, "username"),
            pods.secret_env("MLFLOW_TRACKING_PASSWORD", self.secret, "password"),
        ]

    @property
    def volume(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """The file's volume, and its mount."""
        items = [{"key": FILE, "path": FILE}]
        return (
            {"name": "auth", "secret": {"secretName": self.secret, "items": items}},
            {"name": "auth", "mountPath": FOLDER, "readOnly": True},
        )
