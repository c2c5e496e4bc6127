"""The object that an Object metric describes."""

from components.scaling_settings import DescribedObject

_API_VERSIONS = {"Ingress": "networking.k8s.io/v1", "Service": "v1", "Deployment": "apps/v1"}


def api_version(of: DescribedObject) -> str | None:
    """As given, or that of a kind which everybody has; None when it has to be given."""
    return of.api_version or _API_VERSIONS.get(of.kind)


def group(of: DescribedObject) -> str:
    """The API group; the core one is empty."""
    return (api_version(of) or "").rpartition("/")[0]
