"""Where a stack runs, and where its model images are kept."""

from typing import Annotated

from pydantic import Field

from components.settings.addresses import BaseUrl
from components.settings.credentials import Username
from components.settings.image_references import Image, PushAddress, RegistryHost
from components.settings.kubernetes_names import ClusterName, KubernetesVersion
from components.settings.section import Port, Secret, Section, Text


class Kind(Section):
    """A kind cluster that Slipway makes, with a registry beside it."""

    name: ClusterName
    node_image: Image | None = Field(
        None, description="The node image; default: the pin in components/settings/versions.py."
    )
    workers: Annotated[int, Field(ge=0, le=20)] = 0
    http_port: Port = Field(8080, description="Port on 127.0.0.1 that reaches the ingress.")
    https_port: Port = Field(8443, description="Port on 127.0.0.1 that reaches the ingress with TLS.")
    registry_port: Port = Field(5001, description="Port on 127.0.0.1 of the local registry.")
    mirrors: dict[RegistryHost, BaseUrl] = Field(
        default_factory=dict,
        description="Registry host to the URL that the nodes pull it from, such as http://10.0.0.5:5000.",
    )
    adopt: bool = Field(False, description="Take over a cluster of this name that Slipway did not create.")


class Existing(Section):
    """A cluster that is there already."""

    kubeconfig: Text = Field(description="Path of the kubeconfig file.")
    context: Text


class Cluster(Section):
    """Exactly one of `kind` and `existing`."""

    kind: Kind | None = None
    existing: Existing | None = None
    kubernetes: KubernetesVersion | None = Field(
        None, description='The cluster\'s minor version, such as "1.35": for fields that an older one drops silently.'
    )


class Embedded(Section):
    """A cluster without containers on this machine, which `make` starts for `cluster.existing` (tools/embedded)."""

    api_port: Port | None = Field(None, description="Port on 127.0.0.1 of the API server; default: a free one, kept.")
    tracking_port: Port | None = Field(None, description="Port on 127.0.0.1 of MLflow; default: a free one, kept.")
    model_port: Port | None = Field(None, description="Port on 127.0.0.1 of the model; default: a free one, kept.")


class Registry(Section):
    """Where the model images are pushed; a kind cluster has its own."""

    address: PushAddress
    username: Username | None = None
    password: Secret | None = None
