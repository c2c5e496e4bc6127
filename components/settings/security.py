"""What keeps the parts of a stack apart."""

from typing import Literal

from pydantic import Field

from components.settings.section import Section
from components.settings.text import text

# What Slipway makes by chance and can make anew.
RotatedSecret = text(
    r"database|tracking-admin|signing-key|store|authority|grafana|api-key:[a-z]([-a-z0-9]*[a-z0-9])?",
    70,
    "database, tracking-admin, signing-key, store, authority, grafana or api-key:NAME",
)


class Security(Section):
    network_policies: bool = Field(
        False, description="Default deny in the stack's namespaces, then what is needed; the cluster must enforce them."
    )
    pod_security: Literal["restricted", "baseline", "privileged"] | None = Field(
        None, description="Pod Security level that the stack's namespaces enforce; default: no label."
    )
    mutual_tls: bool = Field(
        False,
        description="Sidecars and strict mutual TLS for the models (mode Standard); needs platform.meshCni.",
    )
